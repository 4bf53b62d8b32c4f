// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerFetcher, LayerPresence } from '@img-build/builder';
import { isSystemError, isToolError } from '@img-build/errors';
import { digestAlgorithm, digestHex, parseReference } from '@img-build/oci';
import type { HostTable } from '@img-build/registry-client';
import type { Services } from './services.ts';

/** What marks a folder among the places layers come from; everything else is a reference. */
const FOLDER = 'oci-layout:';

/** Fetches layers that an earlier build, or an imported cache, left at a registry or in a folder. */
export async function createStoredLayerFetcher(services: Services, hosts?: HostTable): Promise<LayerFetcher> {
  const { createLayerFetcher } = await import('@img-build/sources');
  const content = await services.content();
  const fetcher = createLayerFetcher({ content, fetcher: () => services.registry(hosts) });
  return async (remote, layer, options) => {
    const { descriptor } = layer;
    const path = fileOf(remote, layer);
    if (path === undefined) {
      await fetcher.fetch(parseReference(remote), descriptor, options);
      return;
    }
    if ((await content.info(descriptor.digest)) !== undefined) return;
    const { mediaType, digest: expected, size } = descriptor;
    await content.ingest(mediaType, createReadStream(path), { expected, size, signal: options.signal });
    options.onProgress?.(size);
  };
}

/** Asks whether a layer is still where an imported cache named it; who cannot be asked has nothing. */
export function createLayerPresence(services: Services, hosts?: HostTable): LayerPresence {
  return async (remote, layer, { signal } = {}) => {
    const path = fileOf(remote, layer);
    if (path !== undefined) return await hasFile(path, layer.descriptor.size);
    const registry = await services.registry(hosts);
    try {
      return await registry.hasBlob(parseReference(remote), layer.descriptor, { signal });
    } catch (error) {
      if (signal?.aborted !== true && isToolError(error)) return false;
      throw error;
    }
  };
}

function fileOf(remote: string, { descriptor: { digest } }: Parameters<LayerFetcher>[1]): string | undefined {
  if (!remote.startsWith(FOLDER)) return undefined;
  return join(remote.slice(FOLDER.length), 'blobs', digestAlgorithm(digest), digestHex(digest));
}

async function hasFile(path: string, size: number): Promise<boolean> {
  try {
    const found = await stat(path);
    return found.isFile() && found.size === size;
  } catch (error) {
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'ENOTDIR') || isSystemError(error, 'EACCES'))
      return false;
    throw error;
  }
}
