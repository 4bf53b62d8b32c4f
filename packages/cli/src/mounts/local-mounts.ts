// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import { cacheMountRecords, isCacheMount, isCacheMountInUse } from '../cache-mounts.ts';
import { UsageError } from '../usage-error.ts';
import type { Services } from '../wiring/services.ts';

/** A cache mount of this state directory. */
export interface LocalMount {
  /** Key of its snapshot. */
  readonly key: string;
  /** What `img cache mount ls` calls it: the beginning of a digest of its id, `-1` and so on for private copies. */
  readonly shortId: string;
  /** The cache's id: the target of the mount unless it was given one. */
  readonly id: string;
  /** It did not start empty. */
  readonly seeded: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly lastUsedAt: number;
}

/** A cache mount and what it costs. */
export interface MeasuredMount extends LocalMount {
  /** Bytes on disk. */
  readonly size: number;
  /** A running build holds it. */
  readonly inUse: boolean;
}

const PREFIX = 'cache-mount-';
const SHORT = 12;

/** All cache mounts, those of one id together, the last used first. */
export async function localMounts(services: Services): Promise<readonly LocalMount[]> {
  // A state directory nobody built in has no backend yet, and finding one would start the worker.
  if (!services.knowsBackend()) return [];
  const [{ cacheMountKey }, metadata, backend, records] = await Promise.all([
    import('@img-build/worker'),
    services.metadata(),
    services.backend(),
    cacheMountRecords(services),
  ]);
  const labels = new Map(
    metadata
      .snapshots(backend)
      .list()
      .map(({ key, label }) => [key, label]),
  );
  return records
    .filter((record) => isCacheMount(record.id))
    .map(({ id: key, createdAt, lastUsedAt }) => {
      const [hex = '', copy] = key.slice(PREFIX.length).split('-');
      const id = labels.get(key) ?? '';
      return {
        key,
        shortId: `${hex.slice(0, SHORT)}${copy === undefined ? '' : `-${copy}`}`,
        id,
        seeded: `${PREFIX}${hex}` !== cacheMountKey(id),
        createdAt,
        lastUsedAt,
      };
    })
    .sort((a, b) => (a.id === b.id ? b.lastUsedAt - a.lastUsedAt : a.id < b.id ? -1 : 1));
}

/** Looks at how large mounts are and who uses them. */
export async function measureMounts(
  services: Services,
  mounts: readonly LocalMount[],
  options: AbortOptions,
): Promise<readonly MeasuredMount[]> {
  const measured: MeasuredMount[] = [];
  for (const mount of mounts) {
    const { size } = await (await services.worker()).usage(mount.key, options);
    measured.push({ ...mount, size, inUse: await isCacheMountInUse(services, mount.key, options) });
  }
  return measured;
}

/**
 * The mounts that a user names: by a cache's id, by what `ls` shows, or by the beginning of that.
 *
 * @throws UsageError
 */
export function chosenMounts(mounts: readonly LocalMount[], names: readonly string[]): readonly LocalMount[] {
  const chosen = new Set<LocalMount>();
  for (const name of names) {
    const exact = mounts.filter(({ id, shortId }) => id === name || shortId === name);
    const found = exact.length > 0 ? exact : mounts.filter(({ shortId }) => isBeginning(name, shortId));
    if (found.length === 0)
      throw new UsageError(`no cache mount ${JSON.stringify(name)} found`, "see 'img cache mount ls'");
    if (exact.length === 0 && found.length > 1)
      throw new UsageError(
        `${JSON.stringify(name)} could be ${found.map(({ shortId }) => shortId).join(' or ')}`,
        'write more of it',
      );
    for (const mount of found) chosen.add(mount);
  }
  return [...chosen];
}

function isBeginning(name: string, shortId: string): boolean {
  return name.length > 0 && /^[0-9a-f]+$/.test(name) && shortId.startsWith(name);
}

/** One mount for each id and kind, as only one can be saved: the last used. */
export function lastUsedMounts(mounts: readonly LocalMount[]): readonly LocalMount[] {
  const last = new Map<string, LocalMount>();
  for (const mount of mounts) {
    const key = `${mount.id}\0${mount.seeded}`;
    const known = last.get(key);
    if (known === undefined || known.lastUsedAt < mount.lastUsedAt) last.set(key, mount);
  }
  return [...last.values()];
}
