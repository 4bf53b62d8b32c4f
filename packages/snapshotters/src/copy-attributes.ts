// SPDX-License-Identifier: MIT
import { type BigIntStats, chmodSync, lchownSync } from 'node:fs';
import type { FileCalls, Timespec, XattrCalls } from '@img-build/interfaces';

const NANOSECONDS = 1_000_000_000n;
/** Labels of the host's security policy, which gives new files their own. */
const HOST_LABELS = new Set(['security.selinux', 'security.ima', 'security.evm']);

/** Gives `target` the owner, mode, extended attributes and times of `source`. */
export function copyAttributes(
  host: FileCalls & XattrCalls,
  source: Buffer,
  target: Buffer,
  stats: BigIntStats,
): void {
  lchownSync(target, Number(stats.uid), Number(stats.gid));
  // After the owner: changing that clears the set-id bits and file capabilities.
  if (!stats.isSymbolicLink()) chmodSync(target, Number(stats.mode & 0o7777n));
  for (const name of host.listXattr(source)) {
    if (HOST_LABELS.has(name)) continue;
    const value = host.getXattr(source, name);
    if (value !== undefined) host.setXattr(target, name, value);
  }
  host.setTimes(target, timespec(stats.atimeNs), timespec(stats.mtimeNs));
}

/** Times before 1970 have negative seconds and positive nanoseconds. */
function timespec(nanoseconds: bigint): Timespec {
  const rest = ((nanoseconds % NANOSECONDS) + NANOSECONDS) % NANOSECONDS;
  return { seconds: (nanoseconds - rest) / NANOSECONDS, nanoseconds: Number(rest) };
}
