// SPDX-License-Identifier: MIT
import type { PushOptions } from '@img-build/exporters';
import type { CacheRecordList, ImageStore } from '@img-build/interfaces';
import { type Digest, isReference, parseReference, type Reference } from '@img-build/oci';
import { type BlobTree, createBlobTree } from '../blob-tree.ts';
import type { Services } from './services.ts';

/** What is known here about where blobs are. */
export interface KnownPlaces {
  readonly images: Pick<ImageStore, 'list'>;
  readonly records: Pick<CacheRecordList, 'list'>;
  readonly children: () => Promise<BlobTree>;
}

type Repositories = ReadonlyMap<Digest, ReadonlySet<string>>;

/**
 * Tells which repositories of a registry may have a blob: those its layers were fetched from, and those of the images here
 * that hold it. A registry that has it in none of them is asked in vain once, which opens the upload as well. What is known
 * is looked up when a registry is first pushed to.
 */
export function createMountSources(places: KnownPlaces): NonNullable<PushOptions['mountFrom']> {
  const byDomain = new Map<string, Promise<Repositories>>();
  return async (digest, { domain, path }) => {
    const known = byDomain.get(domain) ?? repositoriesAt(domain, places);
    byDomain.set(domain, known);
    return [...((await known).get(digest) ?? [])]
      .filter((from) => from !== path)
      .toSorted((a, b) => sharedParts(b, path) - sharedParts(a, path));
  };
}

/** As {@link createMountSources}, of this machine's state. */
export async function openMountSources(
  services: Pick<Services, 'metadata' | 'content'>,
): Promise<NonNullable<PushOptions['mountFrom']>> {
  const { images, records } = await services.metadata();
  return createMountSources({ images, records, children: async () => await createBlobTree(services) });
}

async function repositoriesAt(
  domain: string,
  { images, records, children }: KnownPlaces,
): Promise<Repositories> {
  const found = new Map<Digest, Set<string>>();
  const add = (digest: Digest, { path }: Reference): void => {
    found.set(digest, (found.get(digest) ?? new Set()).add(path));
  };
  for (const { layer, remote } of records.list()) {
    const from = referenceAt(domain, remote);
    if (layer !== undefined && from !== undefined) add(layer.descriptor.digest, from);
  }
  const tree = await children();
  for (const { name, target } of images.list()) {
    const from = referenceAt(domain, name);
    if (from === undefined) continue;
    const reached = new Set([target.digest]);
    for (const digest of reached) for (const child of await tree(digest)) reached.add(child);
    for (const digest of reached) add(digest, from);
  }
  return found;
}

/** Layers come from folders as well, which no registry mounts from. */
function referenceAt(domain: string, text: string | undefined): Reference | undefined {
  if (text === undefined || !isReference(text)) return undefined;
  const reference = parseReference(text);
  return reference.domain === domain ? reference : undefined;
}

/** Repositories close to each other are the likeliest to be readable with the same login. */
function sharedParts(one: string, other: string): number {
  const [parts, others] = [one.split('/'), other.split('/')];
  const end = parts.findIndex((part, index) => part !== others[index]);
  return end < 0 ? parts.length : end;
}
