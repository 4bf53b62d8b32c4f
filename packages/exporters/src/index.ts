// SPDX-License-Identifier: MIT
export { type ArchiveSink, writeToSink } from './archive/sink.ts';
export {
  createDockerExporter,
  createOciExporter,
  type DockerExporterOptions,
  type OciExporterOptions,
} from './archive-exporters.ts';
export type { CacheFormat } from './cache/cache-manifest.ts';
export { encodeInlineCache } from './cache/inline-cache.ts';
export { createLocalCacheExporter, type LocalCacheExporterOptions } from './cache/local-cache.ts';
export { createLocalCacheImporter, type LocalCacheImporterOptions } from './cache/local-cache-importer.ts';
export {
  type CachePusher,
  createRegistryCacheExporter,
  createRegistryCacheImporter,
  type RegistryCacheExporterOptions,
  type RegistryCacheImporterOptions,
} from './cache/registry-cache.ts';
export { createRewritingCacheExporter } from './cache/rewriting-cache.ts';
export { ExporterError, type ExporterErrorCode } from './exporter-error.ts';
export { type Annotation, type AnnotationTarget, checkAnnotations } from './image/annotations.ts';
export { type ConfigLayer, completeConfig } from './image/complete-config.ts';
export { type PushOptions, pushImage } from './image/push-image.ts';
export type { LayerRewriter } from './image/rewrite-layer.ts';
export type { ImageFormat } from './image/write-image.ts';
export { createImageExporter, type ImageExporterOptions } from './image-exporter.ts';
export { createFolderMounts, type FolderMountsOptions } from './mounts/folder-mounts.ts';
export { packMounts } from './mounts/mount-archive.ts';
export type { MountPlace, MountsWritten } from './mounts/mount-place.ts';
export { createRegistryMounts, type RegistryMountsOptions } from './mounts/registry-mounts.ts';
export type { SavedMount } from './mounts/saved-mount.ts';
export { type SaveOptions, saveImages } from './save-images.ts';
export {
  createLocalExporter,
  createTarExporter,
  type LocalExporterOptions,
  type TarExporterOptions,
} from './tree-exporters.ts';
