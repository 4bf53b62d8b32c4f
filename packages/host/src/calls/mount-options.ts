// SPDX-License-Identifier: MIT

/** Flags of mount(2), from linux/mount.h. */
export const MS = {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  SYNCHRONOUS: 16,
  REMOUNT: 32,
  MANDLOCK: 64,
  DIRSYNC: 128,
  NOSYMFOLLOW: 256,
  NOATIME: 1024,
  NODIRATIME: 2048,
  BIND: 4096,
  REC: 16_384,
  SILENT: 32_768,
  UNBINDABLE: 131_072,
  PRIVATE: 262_144,
  SLAVE: 524_288,
  SHARED: 1_048_576,
  RELATIME: 2_097_152,
  STRICTATIME: 16_777_216,
  LAZYTIME: 33_554_432,
} as const;

const SET: ReadonlyMap<string, number> = new Map([
  ['ro', MS.RDONLY],
  ['nosuid', MS.NOSUID],
  ['nodev', MS.NODEV],
  ['noexec', MS.NOEXEC],
  ['sync', MS.SYNCHRONOUS],
  ['remount', MS.REMOUNT],
  ['mand', MS.MANDLOCK],
  ['dirsync', MS.DIRSYNC],
  ['nosymfollow', MS.NOSYMFOLLOW],
  ['noatime', MS.NOATIME],
  ['nodiratime', MS.NODIRATIME],
  ['bind', MS.BIND],
  ['rbind', MS.BIND | MS.REC],
  ['relatime', MS.RELATIME],
  ['strictatime', MS.STRICTATIME],
  ['lazytime', MS.LAZYTIME],
  ['silent', MS.SILENT],
]);

const CLEARED: ReadonlyMap<string, number> = new Map([
  ['defaults', 0],
  ['rw', MS.RDONLY],
  ['suid', MS.NOSUID],
  ['dev', MS.NODEV],
  ['exec', MS.NOEXEC],
  ['async', MS.SYNCHRONOUS],
  ['nomand', MS.MANDLOCK],
  ['symfollow', MS.NOSYMFOLLOW],
  ['atime', MS.NOATIME],
  ['diratime', MS.NODIRATIME],
  ['norelatime', MS.RELATIME],
  ['nostrictatime', MS.STRICTATIME],
  ['nolazytime', MS.LAZYTIME],
  ['loud', MS.SILENT],
]);

const PROPAGATION: ReadonlyMap<string, number> = new Map([
  ['private', MS.PRIVATE],
  ['rprivate', MS.PRIVATE | MS.REC],
  ['slave', MS.SLAVE],
  ['rslave', MS.SLAVE | MS.REC],
  ['shared', MS.SHARED],
  ['rshared', MS.SHARED | MS.REC],
  ['unbindable', MS.UNBINDABLE],
  ['runbindable', MS.UNBINDABLE | MS.REC],
]);

/** Option words split into what mount(2) takes in its different arguments and calls. */
export interface MountArguments {
  readonly flags: number;
  /** Each needs a call of its own. */
  readonly propagation: readonly number[];
  /** What only the file system understands. */
  readonly data: readonly string[];
}

/** Splits the words of mount(8); a later word overrides an earlier one. */
export function parseMountOptions(options: readonly string[]): MountArguments {
  let flags = 0;
  const propagation: number[] = [];
  const data: string[] = [];
  for (const word of options) {
    const set = SET.get(word);
    const cleared = CLEARED.get(word);
    const spread = PROPAGATION.get(word);
    if (set !== undefined) flags |= set;
    else if (cleared !== undefined) flags &= ~cleared;
    else if (spread !== undefined) propagation.push(spread);
    else data.push(word);
  }
  return { flags, propagation, data };
}

/** Flags statfs(2) reports (they have other values there), as words and as flags of mount(2). */
const STATFS: readonly (readonly [bit: number, word: string, flag: number])[] = [
  [1, 'ro', MS.RDONLY],
  [2, 'nosuid', MS.NOSUID],
  [4, 'nodev', MS.NODEV],
  [8, 'noexec', MS.NOEXEC],
  [1024, 'noatime', MS.NOATIME],
  [2048, 'nodiratime', MS.NODIRATIME],
  [4096, 'relatime', MS.RELATIME],
  [8192, 'nosymfollow', MS.NOSYMFOLLOW],
];

/** Words of the flags in `f_flags` of statfs(2). */
export function wordsOfStatfs(bits: number): readonly string[] {
  return STATFS.filter(([bit]) => (bits & bit) !== 0).map(([, word]) => word);
}
