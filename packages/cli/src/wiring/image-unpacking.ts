// SPDX-License-Identifier: MIT
import { createRecordChains } from '@img-build/builder';
import type { AbortOptions, Tree } from '@img-build/interfaces';
import { chainIds, type Descriptor, type Digest } from '@img-build/oci';
import { UsageError } from '../usage-error.ts';
import type { Services } from './services.ts';
import { createStoredLayerFetcher } from './stored-layers.ts';

/** Makes the layers of a stored image a tree that can be read. */
export interface ImageUnpacking {
  unpack(layers: readonly Descriptor[], diffIds: readonly Digest[], options?: AbortOptions): Promise<Tree>;
  /** Ends the protection of what was unpacked. */
  release(): void;
}

/** Unpacking with the same records a build uses, so that either finds what the other unpacked. */
export async function createImageUnpacking(services: Services): Promise<ImageUnpacking> {
  const [metadata, content, worker, locks, backend] = await Promise.all([
    services.metadata(),
    services.content(),
    services.worker(),
    services.locks(),
    services.backend(),
  ]);
  const lease = metadata.leases.create();
  const book = metadata.snapshots(backend);
  const chains = createRecordChains({
    records: metadata.records,
    content,
    worker,
    locks,
    lease,
    fetchLayer: await createStoredLayerFetcher(services),
    isUnpacked: (id) => book.get(id)?.kind === 'committed',
  });
  return {
    async unpack(layers, diffIds, options = {}) {
      if (layers.length !== diffIds.length)
        throw new UsageError(`the image has ${layers.length} layers, but its config names ${diffIds.length}`);
      const ids = chainIds(diffIds);
      lease.addRecords(ids);
      for (const [index, id] of ids.entries()) {
        const [descriptor, diffId] = [layers[index], diffIds[index]];
        if (descriptor === undefined || diffId === undefined) continue;
        const parent = ids[index - 1];
        metadata.records.put({
          id,
          parent,
          type: 'regular',
          description: `unpacked ${descriptor.digest}`,
          layer: { descriptor, diffId },
        });
      }
      const top = ids.at(-1);
      if (top === undefined) return { type: 'empty' };
      await chains.unpack(top, options);
      return { type: 'snapshot', name: top };
    },
    release: () => lease.release(),
  };
}
