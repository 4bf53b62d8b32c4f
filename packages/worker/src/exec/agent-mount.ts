// SPDX-License-Identifier: MIT
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { serveSshAgent } from '@img-build/host';
import type { AbortOptions, ExecMount } from '@img-build/interfaces';
import { setOwner } from '../file/file-attributes.ts';
import type { ScratchFolder } from '../scratch-folder.ts';
import type { PreparedMount } from './exec-mounts.ts';

/**
 * An SSH agent for the time of one run, at a socket of its own; `undefined` without one. The user's agent would refuse the
 * ids that programs have in a container, so this process asks it for them.
 *
 * @throws HostError `SSH_AGENT_UNREACHABLE`, `SSH_KEY_INVALID`
 */
export async function prepareAgent(
  { scratch }: { readonly scratch: ScratchFolder },
  mount: ExecMount,
  options: AbortOptions,
): Promise<PreparedMount | undefined> {
  const { agent, destination, uid = 0, gid = 0, mode = 0o600 } = mount;
  if (agent === undefined) return undefined;
  const folder = scratch.make('agent');
  let served: Awaited<ReturnType<typeof serveSshAgent>> | undefined;
  async function close(): Promise<void> {
    await served?.close();
    scratch.remove(folder);
  }
  try {
    served = await serveSshAgent(agent, folder, 'socket', options);
    const socket = join(folder, 'socket');
    setOwner(socket, { uid, gid });
    chmodSync(socket, mode);
    return { mount: { destination, type: 'bind', source: socket, options: ['bind', 'rw'] }, close };
  } catch (error) {
    await close();
    throw error;
  }
}
