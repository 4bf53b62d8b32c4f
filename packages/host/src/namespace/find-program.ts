// SPDX-License-Identifier: MIT
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';

/** Searched after PATH: an unprivileged user's PATH often lacks them. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Absolute path of an executable file, looked up in `path` (as in `$PATH`) and then in the system's folders. */
export function findProgram(name: string, path: string | undefined): string | undefined {
  for (const folder of [...(path ?? '').split(':'), ...SYSTEM_FOLDERS]) {
    if (!folder.startsWith('/')) continue;
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // Not here; the next folder may have it.
    }
  }
  return undefined;
}
