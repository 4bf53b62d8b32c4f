// SPDX-License-Identifier: MIT
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecMount } from '@img-build/interfaces';
import { setOwner } from '../file/file-attributes.ts';
import type { ScratchFolder } from '../scratch-folder.ts';
import type { PreparedMount } from './exec-mounts.ts';

/** A secret as a file for the time of one run; `undefined` without one. `scratch` has to be in memory. */
export function prepareSecret(
  { scratch }: { readonly scratch: ScratchFolder },
  mount: ExecMount,
): PreparedMount | undefined {
  if (mount.secret === undefined) return undefined;
  const folder = scratch.make('secret');
  const file = join(folder, 'secret');
  try {
    writeFileSync(file, mount.secret, { mode: 0o600 });
    setOwner(file, { uid: mount.uid ?? 0, gid: mount.gid ?? 0 });
    chmodSync(file, mount.mode ?? 0o400);
  } catch (error) {
    scratch.remove(folder);
    throw error;
  }
  return {
    mount: {
      destination: mount.destination,
      type: 'bind',
      source: file,
      options: ['bind', 'ro', 'nosuid', 'nodev', 'noexec'],
    },
    async close() {
      scratch.remove(folder);
    },
  };
}
