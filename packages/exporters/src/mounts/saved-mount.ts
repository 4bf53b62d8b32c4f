// SPDX-License-Identifier: MIT
import type { FolderOwner, Layer } from '@img-build/interfaces';

/** A cache mount as it lies in an archive, a folder or a registry. */
export interface SavedMount {
  /** The cache's id. */
  readonly id: string;
  /** It did not start empty: `from=`, `source=`, or an owner or mode were given. Both kinds may have one id. */
  readonly seeded: boolean;
  /** Of the mount's own folder. */
  readonly owner: FolderOwner;
  readonly layer: Layer;
}

/**
 * Adds mounts to others; one of the same id and kind takes the place of the older. Sorted, so that the same mounts make
 * the same document.
 */
export function mergeMounts(
  present: readonly SavedMount[],
  added: readonly SavedMount[],
): readonly SavedMount[] {
  const all = new Map([...present, ...added].map((mount) => [keyOf(mount), mount] as const));
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, mount]) => mount);
}

function keyOf({ id, seeded }: SavedMount): string {
  return `${id}\0${seeded ? 1 : 0}`;
}
