// SPDX-License-Identifier: MIT
export type { ArchiveSink } from './archive/sink.ts';
export { createDockerExporter, createOciExporter, type DockerExporterOptions, type OciExporterOptions } from './archive-exporters.ts';
export { ExporterError, type ExporterErrorCode } from './exporter-error.ts';
export { completeConfig, type ConfigLayer } from './image/complete-config.ts';
export { pushImage, type PushOptions } from './image/push-image.ts';
export type { ImageFormat } from './image/write-image.ts';
export { createImageExporter, type ImageExporterOptions } from './image-exporter.ts';
export { type SaveOptions, saveImages } from './save-images.ts';
export { createLocalExporter, createTarExporter, type LocalExporterOptions, type TarExporterOptions } from './tree-exporters.ts';
