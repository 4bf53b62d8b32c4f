// SPDX-License-Identifier: MIT

/**
 * A file system as a snapshotter hands it to an applier, a differ or an executor. JSON-safe.
 *
 * `type` is `bind` (source is a folder; options `rbind` plus `ro` or `rw`) or `overlay` (options
 * `lowerdir=A:B`, and `upperdir=`, `workdir=` when it is writable, `userxattr` inside a user namespace). The
 * paths in overlay options are absolute and unescaped, as `MountCalls.mount` takes them.
 */
export interface Mount {
  readonly type: 'bind' | 'overlay';
  /** Folder of a bind mount; `overlay` otherwise. */
  readonly source: string;
  readonly options: readonly string[];
}
