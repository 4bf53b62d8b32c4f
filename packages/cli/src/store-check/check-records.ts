// SPDX-License-Identifier: MIT
import type { CacheRecord } from '@img-build/interfaces';
import type { StoreContents } from '@img-build/metadata';
import { isDigest } from '@img-build/oci';
import { corruption, leftover, type StoreProblem } from './problem.ts';

/** Result id of the empty file system, which has no record. */
const SCRATCH = 'scratch';

/** Checks the cache records against one another, their snapshots and the blobs that are there. */
export function checkRecords(
  { records, snapshots }: Pick<StoreContents, 'records' | 'snapshots'>,
  sizes: ReadonlyMap<string, number>,
): readonly StoreProblem[] {
  const ids = new Set(records.map(({ id }) => id));
  const unpacked = new Set(
    [...snapshots.values()].flat().flatMap(({ key, kind }) => (kind === 'committed' ? [key] : [])),
  );
  return records.flatMap((record) => [
    ...parentFault(record, ids),
    ...layerFault(record, sizes),
    ...filesFault(record, unpacked, sizes),
  ]);
}

function parentFault({ id, parent }: CacheRecord, ids: ReadonlySet<string>): readonly StoreProblem[] {
  if (parent === undefined || ids.has(parent)) return [];
  return [corruption('record-orphaned', id, `its parent, cache record ${parent}, is gone`)];
}

function layerFault({ id, layer }: CacheRecord, sizes: ReadonlyMap<string, number>): readonly StoreProblem[] {
  if (layer === undefined) return [];
  const { descriptor, diffId } = layer;
  if (
    !isDigest(descriptor.digest) ||
    !isDigest(diffId) ||
    !(Number.isSafeInteger(descriptor.size) && descriptor.size >= 0)
  )
    return [corruption('record-layer-invalid', id, 'its layer is not described by digest, size and diff id')];
  const actual = sizes.get(descriptor.digest);
  if (actual === undefined || actual === descriptor.size) return [];
  const message = `its layer ${descriptor.digest} has ${actual} bytes instead of ${descriptor.size}`;
  return [corruption('record-layer-size', id, message)];
}

/** After a power failure fresh snapshots are dropped on purpose, so a record without any is not damage. */
function filesFault(
  { id, layer, remote }: CacheRecord,
  unpacked: ReadonlySet<string>,
  sizes: ReadonlyMap<string, number>,
): readonly StoreProblem[] {
  const isThere =
    unpacked.has(id) || remote !== undefined || (layer !== undefined && sizes.has(layer.descriptor.digest));
  return isThere
    ? []
    : [
        leftover(
          'record-empty',
          id,
          'has neither files nor a layer: the next build that needs it makes it again',
        ),
      ];
}

/** Checks that every cache key has a result, or leads to one that has. */
export function checkCacheKeys({
  records,
  cacheResults,
  cacheLinks,
}: Pick<StoreContents, 'records' | 'cacheResults' | 'cacheLinks'>): readonly StoreProblem[] {
  const ids = new Set([SCRATCH, ...records.map(({ id }) => id)]);
  const alive = new Set([...cacheResults.map(({ key }) => key), ...cacheLinks.map(({ source }) => source)]);
  const dead = new Set(cacheLinks.map(({ target }) => target).filter((target) => !alive.has(target)));
  return [
    ...cacheResults
      .filter(({ id }) => !ids.has(id))
      .map(({ key, id }) => corruption('key-result-missing', key, `its result, cache record ${id}, is gone`)),
    ...[...dead].map((key) =>
      corruption('key-dead', key, 'other keys lead here, but it has no result and leads nowhere'),
    ),
  ];
}
