// SPDX-License-Identifier: MIT
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Writes an htpasswd file with a bcrypt hash and gives its path. */
export async function makeHtpasswd(folder: string, user: string, password: string): Promise<string> {
  const running = promisify(execFile)('htpasswd', ['-niB', '-C', '4', user]);
  running.child.stdin?.end(password);
  const path = join(folder, 'htpasswd');
  await writeFile(path, (await running).stdout);
  return path;
}
