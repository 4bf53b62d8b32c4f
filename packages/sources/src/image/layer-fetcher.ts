// SPDX-License-Identifier: MIT
import { isToolError } from '@img-build/errors';
import type { AbortOptions, ContentStore, Fetcher, Ingest, ProgressOptions } from '@img-build/interfaces';
import { type Descriptor, type Digest, digestHex, type Reference } from '@img-build/oci';

/** Brings blobs into the content store. */
export interface LayerFetcher {
  /**
   * Fetches a blob that is not there yet, from where an earlier try stopped. Calls for the same blob share one download.
   *
   * @throws RegistryError; ContentError `CONTENT_DIGEST_MISMATCH`, `CONTENT_NO_SPACE`
   */
  fetch(
    reference: Reference,
    descriptor: Descriptor,
    options?: AbortOptions & ProgressOptions,
  ): Promise<void>;
}

/** What the layer fetcher works with. */
export interface LayerFetcherOptions {
  readonly content: ContentStore;
  readonly fetcher: () => Promise<Fetcher>;
  /** Downloads at once; 4 by default, as registries expect. */
  readonly parallel?: number | undefined;
}

interface Download {
  readonly done: Promise<void>;
  readonly listeners: Set<(bytes: number) => void>;
}

/** Creates a layer fetcher. */
export function createLayerFetcher({ content, fetcher, parallel = 4 }: LayerFetcherOptions): LayerFetcher {
  const running = new Map<Digest, Download>();
  const waiting: (() => void)[] = [];
  let free = parallel;

  async function withSlot(work: () => Promise<void>): Promise<void> {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  }

  async function download(
    reference: Reference,
    descriptor: Descriptor,
    options: AbortOptions & ProgressOptions,
  ): Promise<void> {
    options.signal?.throwIfAborted();
    const port = await fetcher();
    const first = await transfer(content, port, reference, descriptor, options);
    if (first !== 'damaged') return;
    // Wrong bytes may have come from a cache on the way; a second time they are the registry's.
    const second = await transfer(content, port, reference, descriptor, { ...options, isLast: true });
    if (second === 'damaged') throw new Error('unreachable: the last transfer stores or throws');
  }

  return {
    async fetch(reference, descriptor, options = {}) {
      for (;;) {
        options.signal?.throwIfAborted();
        if ((await content.info(descriptor.digest)) !== undefined) return;
        const shared = running.get(descriptor.digest);
        if (shared !== undefined) {
          if (await joinDownload(shared, options)) return;
          continue;
        }
        const listeners = new Set<(bytes: number) => void>();
        if (options.onProgress !== undefined) listeners.add(options.onProgress);
        const onProgress = (bytes: number): void => {
          for (const listener of listeners) listener(bytes);
        };
        const done = withSlot(() => download(reference, descriptor, { signal: options.signal, onProgress }));
        running.set(descriptor.digest, { done, listeners });
        try {
          return await done;
        } finally {
          running.delete(descriptor.digest);
        }
      }
    },
  };
}

/** Waits for somebody else's download; false when that one was given up by its owner alone. */
async function joinDownload(
  { done, listeners }: Download,
  { signal, onProgress }: AbortOptions & ProgressOptions,
): Promise<boolean> {
  if (onProgress !== undefined) listeners.add(onProgress);
  try {
    await untilAborted(done, signal);
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    if (isToolError(error)) throw error;
    return false;
  } finally {
    if (onProgress !== undefined) listeners.delete(onProgress);
  }
}

async function untilAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function transfer(
  content: ContentStore,
  fetcher: Fetcher,
  reference: Reference,
  descriptor: Descriptor,
  options: AbortOptions & ProgressOptions & { readonly isLast?: boolean },
): Promise<'stored' | 'damaged'> {
  const ingest = await content.resume(`layer-${digestHex(descriptor.digest)}`, options);
  try {
    // Another process may have stored it while this one waited.
    if ((await content.info(descriptor.digest)) !== undefined) {
      await ingest.truncate();
      return 'stored';
    }
    if (ingest.offset > descriptor.size) await ingest.truncate();
    const kept = ingest.offset;
    try {
      await writeRest(ingest, fetcher, reference, descriptor, options);
    } catch (error) {
      if (!isToolError(error, 'REGISTRY_DIGEST_MISMATCH')) throw error;
      await ingest.truncate();
      if (options.isLast === true) throw error;
      return 'damaged';
    }
    try {
      await ingest.commit(descriptor.mediaType, {
        ...options,
        expected: descriptor.digest,
        size: descriptor.size,
      });
      return 'stored';
    } catch (error) {
      // What an earlier try left may be damaged; only a whole download proves the registry wrong.
      if (kept > 0 && isToolError(error, 'CONTENT_DIGEST_MISMATCH', 'CONTENT_SIZE_MISMATCH'))
        return 'damaged';
      throw error;
    }
  } finally {
    await ingest.close();
  }
}

async function writeRest(
  ingest: Ingest,
  fetcher: Fetcher,
  reference: Reference,
  descriptor: Descriptor,
  { signal, onProgress }: AbortOptions & ProgressOptions,
): Promise<void> {
  let written = ingest.offset;
  onProgress?.(written);
  // Asking for a range that begins at the end is an error to most registries.
  if (written === descriptor.size) return;
  for await (const chunk of fetcher.blob(reference, descriptor, { signal, offset: written })) {
    await ingest.write(chunk);
    written += chunk.byteLength;
    onProgress?.(written);
  }
}
