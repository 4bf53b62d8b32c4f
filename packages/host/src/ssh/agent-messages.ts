// SPDX-License-Identifier: MIT
import type { Duplex } from 'node:stream';
import { sshString } from './ssh-data.ts';

/** Numbers of the messages used here. @see draft-ietf-sshm-ssh-agent, "Message Numbers" */
export const AGENT_MESSAGE = {
  failure: 5,
  requestIdentities: 11,
  identitiesAnswer: 12,
  signRequest: 13,
  signResponse: 14,
} as const;

/** The answer to everything that is refused. */
export const AGENT_FAILURE: Buffer = Buffer.of(AGENT_MESSAGE.failure);

/** OpenSSH's agent accepts no larger message either. */
const MAX_MESSAGE = 256 * 1024;

/** Answers one request; both are messages without their length. */
export type AgentAnswer = (request: Buffer) => Promise<Buffer>;

/** The messages that come in; ends with the stream, or when a message is larger than 256 KiB. */
export async function* readAgentMessages(stream: Duplex): AsyncGenerator<Buffer> {
  let held = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 4) {
      const length = held.readUInt32BE(0);
      if (length > MAX_MESSAGE) return;
      if (held.length < 4 + length) break;
      yield held.subarray(4, 4 + length);
      held = held.subarray(4 + length);
    }
  }
}

/** A message as it travels. */
export function agentFrame(message: Uint8Array): Buffer {
  return sshString(message);
}
