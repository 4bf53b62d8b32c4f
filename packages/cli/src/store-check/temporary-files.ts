// SPDX-License-Identifier: MIT
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from './folder-names.ts';

/** Files that get their real name within milliseconds; whoever left one this old is dead. In milliseconds. */
const NOBODYS_AFTER = 60_000;

const PLACES: readonly { readonly folder: string; readonly names: RegExp }[] = [
  { folder: '.', names: /^reserve\.\d+$/ },
  { folder: 'snapshots', names: /^(?:backend\.json\.\d+|\w+\.boot\.new)$/ },
  { folder: 'uploads', names: /\.tmp$/ },
];

/** Temporary files of processes that were killed; paths below the state folder. */
export function temporaryFiles(state: string, now: number = Date.now()): readonly string[] {
  return PLACES.flatMap(({ folder, names }) =>
    namesIn(join(state, folder))
      .filter((name) => names.test(name))
      .map((name) => join(folder, name)),
  ).filter((path) => {
    const stats = statSync(join(state, path), { throwIfNoEntry: false });
    return stats !== undefined && now - stats.mtimeMs > NOBODYS_AFTER;
  });
}

/** Removes {@link temporaryFiles}. */
export function removeTemporaryFiles(state: string): void {
  for (const path of temporaryFiles(state)) rmSync(join(state, path), { force: true });
}
