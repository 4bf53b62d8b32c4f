// SPDX-License-Identifier: MIT
import type { BlobFiles, ContentIngester, HostCalls } from '@img-build/interfaces';
import { extractArchive, packFolder } from '@img-build/layers';
import type { CacheTransferParts } from './exec/cache-transfer.ts';

/** Bytes that a saved cache mount may unpack to. */
const MAX_CACHE_MOUNT = 64 * 1024 ** 3;

/** Packs cache mounts into the content store, and unpacks them from there. */
export function createCacheArchives(
  host: HostCalls,
  content: ContentIngester & BlobFiles,
  onWarning: (message: string) => void,
): Pick<CacheTransferParts, 'blobs' | 'pack' | 'unpack'> {
  return {
    blobs: content,
    pack: (folder, options) => packFolder(folder, { ...options, host, content }),
    unpack: async (archive, folder, options) => {
      const limits = { bytes: MAX_CACHE_MOUNT };
      await extractArchive(archive, { ...options, host, root: folder, limits, onWarning });
    },
  };
}
