// SPDX-License-Identifier: MIT
import type {
  AbortOptions,
  CacheRecord,
  CacheRecordStore,
  Clock,
  ContentReader,
  DiffOptions,
  Layer,
  Lease,
  Locks,
  ProgressOptions,
  SnapshotWork,
} from '@img-build/interfaces';
import { BuilderError } from './builder-error.ts';

/** What layers of caches are dated by. @see BuildKit, util/compression */
const CREATED_AT = 'buildkit/createdat';

/** Brings a layer's blob from where an earlier build found it. */
export type LayerFetcher = (
  remote: string,
  layer: Layer,
  options: AbortOptions & ProgressOptions,
) => Promise<void>;

/** Tells whether a layer's blob can still be had from where an earlier build found it. */
export type LayerPresence = (remote: string, layer: Layer, options?: AbortOptions) => Promise<boolean>;

/** A layer whose blob may still be elsewhere. */
export interface KnownLayer {
  readonly layer: Layer;
  /** Brings the blob into the content store. */
  fetch(options?: AbortOptions): Promise<void>;
}

/** Called with the layer that is being worked on. */
export interface LayerProgress extends AbortOptions {
  readonly onLayer?: ((layer: Layer, stage: 'fetching' | 'unpacking', bytes: number) => void) | undefined;
}

/** File systems as chains of records: unpacked when they must be read, packed when they must be exported. */
export interface RecordChains {
  /** From the bottom up. @throws BuilderError `BUILD_RECORD_LOST` */
  chain(id: string): readonly CacheRecord[];
  /** Tells whether every record of the chain can still be had. */
  isWhole(id: string, options?: AbortOptions): Promise<boolean>;
  /** Tells whether the files of a record, or its layer's blob, are on this machine. */
  isHere(id: string): Promise<boolean>;
  /** Makes sure the snapshot `id` and those below exist. */
  unpack(id: string, options?: LayerProgress): Promise<void>;
  /** The layers from the bottom up, each with its blob in the content store. */
  layers(id: string, options?: DiffOptions & LayerProgress): Promise<readonly Layer[]>;
  /** The same, without fetching any blob. */
  knownLayers(id: string, options?: DiffOptions): Promise<readonly KnownLayer[]>;
}

/** What chains work with. */
export interface RecordChainParts {
  readonly records: CacheRecordStore;
  readonly content: ContentReader;
  readonly worker: SnapshotWork;
  readonly locks: Locks;
  readonly lease: Lease;
  readonly fetchLayer: LayerFetcher;
  /** Asked about layers of imported caches only; what cannot be asked is believed to be there. */
  readonly hasLayer?: LayerPresence | undefined;
  /** Tells whether the snapshot of a record is committed in the backend in use. */
  readonly isUnpacked: (id: string) => boolean;
  readonly clock?: Clock | undefined;
}

/** Chains of one build. */
export function createRecordChains(parts: RecordChainParts): RecordChains {
  const {
    records,
    content,
    worker,
    locks,
    lease,
    fetchLayer,
    isUnpacked,
    hasLayer,
    clock = Date.now,
  } = parts;
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

  async function isWhole(id: string, options: AbortOptions = {}): Promise<boolean> {
    for (let at: string | undefined = id; at !== undefined; ) {
      const record: CacheRecord | undefined = records.get(at);
      if (record === undefined) return false;
      if (!(await isRecordHere(record)) && !(await isElsewhere(record, options))) return false;
      at = record.parent;
    }
    return true;
  }

  const isRecordHere = async ({ id, layer }: CacheRecord): Promise<boolean> =>
    isUnpacked(id) || (await hasBlob(layer));

  /** Base images stay where they are; a cache may lose any layer at any time. */
  async function isElsewhere(record: CacheRecord, options: AbortOptions): Promise<boolean> {
    const { layer, remote } = record;
    if (layer === undefined || remote === undefined) return false;
    return hasLayer === undefined || isImageLayer(record) || (await hasLayer(remote, layer, options));
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

  /** The record's layer; its blob is made now, or is known to be somewhere. */
  async function layerOf(record: CacheRecord, options: DiffOptions): Promise<Layer> {
    const { layer, remote } = record;
    if (layer !== undefined && (remote !== undefined || (await hasBlob(layer)))) return layer;
    return await once(packing, record.id, async () => {
      const made = dated(await diff(record, options), clock());
      records.update(record.id, { layer: made });
      return made;
    });
  }

  async function pack(record: CacheRecord, options: DiffOptions & LayerProgress): Promise<Layer> {
    return await fetch({ ...record, layer: await layerOf(record, options) }, options);
  }

  async function knownLayer(record: CacheRecord, options: DiffOptions): Promise<KnownLayer> {
    const layer = await layerOf(record, options);
    return { layer, fetch: async (abort = {}) => void (await fetch({ ...record, layer }, abort)) };
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
    async isHere(id) {
      const record = records.get(id);
      return record !== undefined && (await isRecordHere(record));
    },
    unpack,
    knownLayers: async (id, options = {}) =>
      await Promise.all(chain(id).map((record) => knownLayer(record, options))),
    async layers(id, options = {}) {
      const found = chain(id);
      if (options.rewriteTimestamp === undefined)
        return await Promise.all(found.map((record) => pack(record, options)));
      await unpack(id, options);
      return await Promise.all(found.map((record) => packRewritten(record, options)));
    },
  };
}

/** A layer tells when it was made, also to those that get it from a cache: images made from it are the same. */
function dated({ descriptor, diffId }: Layer, time: number): Layer {
  const annotations = { ...descriptor.annotations, [CREATED_AT]: new Date(time).toISOString() };
  return { descriptor: { ...descriptor, annotations }, diffId };
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
