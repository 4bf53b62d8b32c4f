// SPDX-License-Identifier: MIT
import type { Clock, FileStamp, StampedDigest, StatCache } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import type { TreeEntry } from '../tree/file-tree.ts';

/**
 * A file changed this recently could change again without its times showing it: file systems count in ticks of up to
 * ten milliseconds, some in seconds.
 */
const SETTLED_MILLISECONDS = 2_000;
const NANOSECONDS = 1_000_000n;

/** The stat cache of one folder during one checksum. */
export interface DigestCache {
  get(entry: TreeEntry): Digest | undefined;
  set(entry: TreeEntry, digest: Digest): void;
  /** Writes what is new. */
  save(): void;
}

/** Remembers nothing. */
export const NO_DIGEST_CACHE: DigestCache = {
  get: () => undefined,
  set: () => undefined,
  save: () => undefined,
};

/** The digests known of the files below `folder`. */
export function openDigestCache(store: StatCache, folder: string, clock: Clock): DigestCache {
  const known = store.load(folder);
  const used = new Map<string, StampedDigest>();
  let changed = false;
  return {
    get(entry) {
      const stamped = known.get(entry.path);
      if (stamped === undefined || !isStampOf(stamped.stamp, entry)) return undefined;
      used.set(entry.path, stamped);
      return stamped.digest;
    },
    set(entry, digest) {
      const stamp = stampOf(entry);
      const latest = stamp.modified > stamp.changed ? stamp.modified : stamp.changed;
      if (latest > BigInt(clock() - SETTLED_MILLISECONDS) * NANOSECONDS) return;
      used.set(entry.path, { stamp, digest });
      changed = true;
    },
    save() {
      if (!changed) return;
      // Another build may use another part of the folder; but files that are gone must not pile up for ever.
      const keep = known.size > 2 * used.size + 1_000 ? [] : known;
      store.save(folder, new Map([...keep, ...used]));
    },
  };
}

function stampOf({ stats }: TreeEntry): FileStamp {
  return {
    size: Number(stats.size),
    modified: stats.mtimeNs,
    changed: stats.ctimeNs,
    inode: stats.ino,
    device: stats.dev,
    mode: Number(stats.mode),
  };
}

function isStampOf(stamp: FileStamp, { stats }: TreeEntry): boolean {
  return (
    stamp.modified === stats.mtimeNs &&
    stamp.changed === stats.ctimeNs &&
    stamp.inode === stats.ino &&
    stamp.device === stats.dev &&
    stamp.size === Number(stats.size) &&
    stamp.mode === Number(stats.mode)
  );
}
