// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import type { Command } from './command.ts';

/**
 * Where what a round leaves behind waits for the end of the run. Nothing is removed before: for minutes after a removal
 * ext4 without a journal steps over every inode that became free, and whoever makes files next would pay for it.
 */
export interface UsedFolders {
  /** Takes folders out of the way; those that do not exist are fine. */
  setAside(...folders: string[]): Command;
  /** Removes them all. */
  remove(): Command;
}

/** `home` must be on the same file system as the folders. */
export function createUsedFolders(home: string): UsedFolders {
  const used = join(home, 'used');
  return {
    setAside(...folders) {
      const line =
        'mkdir -p "$1" && to=$1 && shift && for f; do [ ! -e "$f" ] || mv "$f" "$(mktemp -d "$to/XXXXXXXX")/"; done';
      return { argv: ['sh', '-c', line, 'sh', used, ...folders] };
    },
    remove: () => asMappedRoot('rm', '-rf', used),
  };
}

/** Files of subordinate ids only obey the root of a namespace that maps them. */
export function asMappedRoot(...argv: string[]): Command {
  const line =
    'if [ "$(id -u)" = 0 ]; then exec "$@"; else exec unshare -U --map-auto --map-root-user "$@"; fi';
  return { argv: ['sh', '-c', line, 'sh', ...argv] };
}
