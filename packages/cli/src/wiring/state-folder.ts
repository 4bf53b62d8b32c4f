// SPDX-License-Identifier: MIT
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { isSystemError } from '@img-build/errors';
import { makeFolders } from '../make-folders.ts';
import { UsageError } from '../usage-error.ts';

/** `$IMG_STATE`, else `$XDG_DATA_HOME/img`, else `~/.local/share/img`. */
export function defaultStateFolder(env: NodeJS.ProcessEnv): string {
  const own = env['IMG_STATE'] ?? '';
  if (own !== '') return own;
  const data = env['XDG_DATA_HOME'];
  return data !== undefined && data.startsWith('/')
    ? join(data, 'img')
    : join(homedir(), '.local', 'share', 'img');
}

/** Makes the state folder, mode 0700, and returns its absolute path. */
export function openStateFolder(path: string): string {
  if (path === '') throw new UsageError('the state directory has no name', 'name one with --state');
  const folder = resolve(path);
  try {
    makeFolders(folder, 0o700);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new UsageError(
      `cannot use ${folder} as state directory: ${error.message}`,
      'name another one with --state',
    );
  }
  return folder;
}
