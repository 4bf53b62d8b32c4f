// SPDX-License-Identifier: MIT
import type {
  AbortOptions,
  CacheRecord,
  CacheRecordStore,
  ContentReader,
  DiffOptions,
  Layer,
  Lease,
  Locks,
  ProgressOptions,
  SnapshotWork,
} from '@img-build/interfaces';
import { BuilderError } from './builder-error.ts';

/** Brings a layer's blob from where an earlier build found it. */
export type LayerFetcher = (
  remote: string,
  layer: Layer,
  options: AbortOptions & ProgressOptions,
) => Promise<void>;

/** Called with the layer that is being worked on. */
export interface LayerProgress extends AbortOptions {
  readonly onLayer?: ((layer: Layer, stage: 'fetching' | 'unpacking', bytes: number) => void) | undefined;
}

/** File systems as chains of records: unpacked when they must be read, packed when they must be exported. */
export interface RecordChains {
  /** From the bottom up. @throws BuilderError `BUILD_RECORD_LOST` */
  chain(id: string): readonly CacheRecord[];
  /** Tells whether every record of the chain can still be had. */
  isWhole(id: string): Promise<boolean>;
  /** Makes sure the snapshot `id` and those below exist. */
  unpack(id: string, options?: LayerProgress): Promise<void>;
  /** The layers from the bottom up, each with its blob in the content store. */
  layers(id: string, options?: DiffOptions & LayerProgress): Promise<readonly Layer[]>;
}

/** What chains work with. */
export interface RecordChainParts {
  readonly records: CacheRecordStore;
  readonly content: ContentReader;
  readonly worker: SnapshotWork;
  readonly locks: Locks;
  readonly lease: Lease;
  readonly fetchLayer: LayerFetcher;
  /** Tells whether the snapshot of a record is committed in the backend in use. */
  readonly isUnpacked: (id: string) => boolean;
}

/** Chains of one build. */
export function createRecordChains(parts: RecordChainParts): RecordChains {
  const { records, content, worker, locks, lease, fetchLayer, isUnpacked } = parts;
  const unpacking = new Map<string, Promise<void>>();
  const fetching = new Map<string, Promise<void>>();
  const packing = new Map<string, Promise<Layer>>();

  function chain(id: string): readonly CacheRecord[] {
    const found: CacheRecord[] = [];
    for (let at: string | undefined = id; at !== undefined; ) {
      const record: CacheRecord | undefined = records.get(at);
      if (record === undefined)
        throw new BuilderError(`cache record ${at} is gone`, { code: 'BUILD_RECORD_LOST' });
      found.push(record);
      at = record.parent;
    }
    return found.reverse();
  }

  async function isWhole(id: string): Promise<boolean> {
    for (let at: string | undefined = id; at !== undefined; ) {
      const record: CacheRecord | undefined = records.get(at);
      if (record === undefined) return false;
      const reachable = isUnpacked(record.id) || record.remote !== undefined || (await hasBlob(record.layer));
      if (!reachable) return false;
      at = record.parent;
    }
    return true;
  }

  async function hasBlob(layer: Layer | undefined): Promise<boolean> {
    return layer !== undefined && (await content.info(layer.descriptor.digest)) !== undefined;
  }

  async function fetch(record: CacheRecord, options: LayerProgress): Promise<Layer> {
    const { layer, remote } = record;
    if (layer === undefined)
      throw new BuilderError(`cache record ${record.id} has neither files nor a layer`, {
        code: 'BUILD_RECORD_LOST',
      });
    lease.addBlobs([layer.descriptor.digest]);
    if (await hasBlob(layer)) return layer;
    if (remote === undefined) {
      throw new BuilderError(`layer ${layer.descriptor.digest} of cache record ${record.id} is gone`, {
        code: 'BUILD_RECORD_LOST',
      });
    }
    await once(fetching, layer.descriptor.digest, () =>
      fetchLayer(remote, layer, {
        signal: options.signal,
        onProgress: (bytes) => options.onLayer?.(layer, 'fetching', bytes),
      }),
    );
    return layer;
  }

  /** Hands one layer to the worker; `release` frees the record for other processes. */
  async function unpackOne(
    record: CacheRecord,
    layer: Layer,
    release: () => void,
    options: LayerProgress,
  ): Promise<void> {
    try {
      await worker.unpack(
        { name: record.id, parent: record.parent, layer: layer.descriptor, diffId: layer.diffId },
        { signal: options.signal, onProgress: (bytes) => options.onLayer?.(layer, 'unpacking', bytes) },
      );
    } finally {
      release();
    }
  }

  /**
   * All blobs travel at once; each layer is handed to the worker as soon as its blob is there and the layer below was
   * handed over, so that the worker unpacks several at once and still knows the order.
   */
  async function unpack(id: string, options: LayerProgress = {}): Promise<void> {
    const missing = chain(id).filter((record) => !isUnpacked(record.id));
    if (missing.length > 0) worker.warmUp();
    const fetches = missing.map((record) =>
      unpacking.has(record.id) ? undefined : settled(fetch(record, options)),
    );
    const done: Promise<void>[] = [];
    try {
      for (const [index, record] of missing.entries()) {
        await fetches[index];
        const known = unpacking.get(record.id);
        if (known !== undefined) {
          done.push(known);
          continue;
        }
        // Somebody else was at it when the transfers began, and has ended: well or not.
        const fetched = await (fetches[index] ?? settled(fetch(record, options)));
        if ('error' in fetched) throw fetched.error;
        // Locks are taken from the bottom up, in every process alike, so that no two wait for each other.
        const release = await locks.acquire(`record-${record.id}`, options);
        if (isUnpacked(record.id)) release();
        else done.push(once(unpacking, record.id, () => unpackOne(record, fetched.value, release, options)));
      }
    } finally {
      await Promise.allSettled(done);
    }
    await Promise.all(done);
  }

  async function pack(record: CacheRecord, options: DiffOptions & LayerProgress): Promise<Layer> {
    if (record.layer !== undefined && (record.remote !== undefined || (await hasBlob(record.layer)))) {
      return await fetch(record, options);
    }
    return await once(packing, record.id, async () => {
      const layer = await diff(record, options);
      records.update(record.id, { layer });
      return layer;
    });
  }

  async function diff({ id }: CacheRecord, options: DiffOptions): Promise<Layer> {
    if (!isUnpacked(id))
      throw new BuilderError(`cache record ${id} has neither files nor a layer`, {
        code: 'BUILD_RECORD_LOST',
      });
    const { compression, compressionLevel, mediaTypes, rewriteTimestamp, signal } = options;
    const how = { compression, compressionLevel, mediaTypes, rewriteTimestamp, signal };
    const layer = await worker.diff(id, how);
    lease.addBlobs([layer.descriptor.digest]);
    return layer;
  }

  /** Layers with other times are made for this export alone; those of a base image stay what others know them as. */
  async function packRewritten(record: CacheRecord, options: DiffOptions & LayerProgress): Promise<Layer> {
    return isImageLayer(record) ? await pack(record, options) : await diff(record, options);
  }

  return {
    chain,
    isWhole,
    unpack,
    async layers(id, options = {}) {
      const found = chain(id);
      if (options.rewriteTimestamp === undefined)
        return await Promise.all(found.map((record) => pack(record, options)));
      await unpack(id, options);
      return await Promise.all(found.map((record) => packRewritten(record, options)));
    },
  };
}

/** Records of base images are named by their chain id. */
function isImageLayer({ id }: CacheRecord): boolean {
  return id.includes(':');
}

/** One promise per key at a time. */
function once<T>(running: Map<string, Promise<T>>, key: string, work: () => Promise<T>): Promise<T> {
  const known = running.get(key);
  if (known !== undefined) return known;
  const promise = work().finally(() => running.delete(key));
  running.set(key, promise);
  return promise;
}

/** Keeps a rejection from counting as unhandled until somebody looks at it. */
function settled<T>(promise: Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}
