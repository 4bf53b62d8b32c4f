// SPDX-License-Identifier: MIT
import { closeSync, constants, openSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import type { AbortOptions, SshAgent } from '@img-build/interfaces';
import { HostError } from '../host-error.ts';
import {
  AGENT_FAILURE,
  AGENT_MESSAGE,
  type AgentAnswer,
  agentFrame,
  readAgentMessages,
} from './agent-messages.ts';
import { createKeyAgent } from './key-agent.ts';

/** A socket that forwards to an agent. */
export interface ServedAgent {
  /** Ends all conversations and removes the socket. */
  close(): Promise<void>;
}

/** A conversation with what answers; a new one for every client. */
interface Conversation {
  readonly answer: AgentAnswer;
  end(): void;
}

/** Clients at a time: what is beyond waits in no queue but is sent away. */
const MAX_CLIENTS = 64;
/** O_PATH of Linux, which `node:fs` does not name. */
const O_PATH = 0o10000000;

/**
 * Makes the socket `name` in `folder` and forwards to `agent` what lists keys and signs; whatever would change the agent
 * is refused. The socket belongs to this process; who may connect is up to its mode and to the folder's.
 *
 * @throws HostError `SSH_KEY_INVALID`, `SSH_AGENT_UNREACHABLE`
 */
export async function serveSshAgent(
  agent: SshAgent,
  folder: string,
  name: string,
  { signal }: AbortOptions = {},
): Promise<ServedAgent> {
  signal?.throwIfAborted();
  const open = await openAgent(agent);
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    if (clients.size >= MAX_CLIENTS) return void client.destroy();
    clients.add(client);
    client.on('error', () => {}).on('close', () => clients.delete(client));
    void serveClient(client, open);
  });
  // An address may have 107 bytes only, and the folder alone may be longer.
  const fd = openSync(folder, O_PATH | constants.O_DIRECTORY);
  try {
    await listen(server, `/proc/self/fd/${fd}/${name}`);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return {
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      for (const client of clients) client.destroy();
      await promise;
      closeSync(fd);
    },
  };
}

async function openAgent(agent: SshAgent): Promise<() => Conversation> {
  if (agent.type === 'keys') {
    const answer = createKeyAgent(agent.keys);
    return () => ({ answer, end() {} });
  }
  const { path } = agent;
  // Better now, by name, than as a puzzling failure of the program that wants a signature.
  await reach(path);
  return () => converse(path);
}

/** Connects once. */
async function reach(path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = createConnection({ path });
  socket.once('connect', resolve).once('error', (error: NodeJS.ErrnoException) =>
    reject(
      new HostError(`no SSH agent answers at ${path} (${error.code ?? error.message})`, {
        code: 'SSH_AGENT_UNREACHABLE',
        hint: 'start one and add a key: eval "$(ssh-agent)" && ssh-add',
        cause: error,
      }),
    ),
  );
  try {
    await promise;
  } finally {
    socket.destroy();
  }
}

function converse(path: string): Conversation {
  const socket = createConnection({ path });
  socket.on('error', () => {});
  const answers = readAgentMessages(socket);
  return {
    async answer(request) {
      if (request[0] !== AGENT_MESSAGE.requestIdentities && request[0] !== AGENT_MESSAGE.signRequest)
        return AGENT_FAILURE;
      socket.write(agentFrame(request));
      const { value } = await answers.next();
      return value ?? AGENT_FAILURE;
    },
    end: () => void socket.destroy(),
  };
}

async function serveClient(client: Socket, open: () => Conversation): Promise<void> {
  const conversation = open();
  try {
    for await (const request of readAgentMessages(client)) {
      client.write(agentFrame(await conversation.answer(request)));
    }
  } catch {
    // The client or the agent is gone; closing the connection tells the other.
  } finally {
    conversation.end();
    client.destroy();
  }
}

async function listen(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(path, resolve);
  await promise;
}
