// SPDX-License-Identifier: MIT
import type { CacheDestination, CacheTransfer } from '@img-build/builder';
import type { CacheImporter } from '@img-build/interfaces';
import type { HostTable } from '@img-build/registry-client';
import { folderLocks } from '../../wiring/folder-locks.ts';
import { insecureHosts } from '../../wiring/insecure-hosts.ts';
import { openMountSources } from '../../wiring/mount-sources.ts';
import type { Services } from '../../wiring/services.ts';
import type { CacheExportSpec, CacheImportSpec } from '../flags/cache-spec.ts';
import type { Recompression } from '../recompression.ts';
import type { CacheRequest } from './cache-request.ts';

/** Makes the importers and exporters of a build; nothing is read or connected before the build. */
export async function openCaches(
  services: Services,
  request: CacheRequest,
  recompression: Recompression,
): Promise<CacheTransfer> {
  return {
    from: await Promise.all(request.from.map((spec) => importerOf(services, spec))),
    to: (
      await Promise.all(
        request.to.map(async (spec) => {
          const destinations = await destinationOf(services, spec);
          return spec.forceCompression
            ? await Promise.all(destinations.map((each) => recompressed(each, recompression)))
            : destinations;
        }),
      )
    ).flat(),
    inline: request.inline,
  };
}

/** How registries are spoken to that imported caches name. */
export function cacheHosts(request: CacheRequest | undefined): HostTable | undefined {
  const tables = (request?.from ?? []).flatMap((spec) =>
    spec.type === 'registry' ? (insecureHosts(spec.insecure, spec.reference) ?? []) : [],
  );
  return tables.length === 0 ? undefined : Object.assign({}, ...tables);
}

async function importerOf(services: Services, spec: CacheImportSpec): Promise<CacheImporter> {
  const { createLocalCacheImporter, createRegistryCacheImporter } = await import('@img-build/exporters');
  if (spec.type === 'local') return createLocalCacheImporter(spec);
  const hosts = insecureHosts(spec.insecure, spec.reference);
  return createRegistryCacheImporter({
    reference: spec.reference,
    registry: () => services.registry(hosts),
  });
}

/** All layers of the cache in one compression, also those that existed. */
async function recompressed(
  destination: CacheDestination,
  recompression: Recompression,
): Promise<CacheDestination> {
  const [{ createRewritingCacheExporter }, recompress] = await Promise.all([
    import('@img-build/exporters'),
    recompression(),
  ]);
  const { exporter, compression = 'gzip', compressionLevel: level } = destination;
  const rewriteLayer = recompress({ compression, level });
  return { ...destination, exporter: createRewritingCacheExporter(exporter, rewriteLayer) };
}

async function destinationOf(
  services: Services,
  spec: CacheExportSpec,
): Promise<readonly CacheDestination[]> {
  const [{ createLocalCacheExporter, createRegistryCacheExporter }, content] = await Promise.all([
    import('@img-build/exporters'),
    services.content(),
  ]);
  const { mode, ignoreError, compression, compressionLevel, imageManifest, mediaTypes } = spec;
  const shared = { mode, ignoreError, compression, compressionLevel };
  const format = {
    imageManifest,
    mediaTypes,
    content,
    onWarning: (message: string) => services.logger.warn(message),
  };
  switch (spec.type) {
    case 'inline':
      return [];
    case 'registry': {
      const { reference, insecure } = spec;
      const hosts = insecureHosts(insecure, reference);
      const registry = () => services.registry(hosts);
      const mountFrom = await openMountSources(services);
      const exporter = createRegistryCacheExporter({ ...format, reference, registry, mountFrom });
      return [{ ...shared, exporter }];
    }
    case 'local': {
      const { folder, tag, reset } = spec;
      const stateLocks = await services.locks();
      const locks = (path: string) => folderLocks(stateLocks, path);
      return [{ ...shared, exporter: createLocalCacheExporter({ ...format, folder, tag, reset, locks }) }];
    }
  }
}
