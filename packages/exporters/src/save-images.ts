// SPDX-License-Identifier: MIT
import type { AbortOptions, ContentStore, ImageStore } from '@img-build/interfaces';
import {
  bestPlatform,
  type Descriptor,
  detectDocument,
  formatPlatform,
  formatReference,
  type Manifest,
  MEDIA_TYPES,
  offeredPlatforms,
  type Platform,
  parseReference,
  writeUstar,
} from '@img-build/oci';
import { layOut, type NamedImage } from './archive/layout.ts';
import { ExporterError } from './exporter-error.ts';
import { layerDescriptor } from './image/layer-descriptor.ts';
import { readStored } from './image/push-image.ts';
import { documentBytes } from './image/stable-json.ts';
import { storeBytes } from './image/write-image.ts';

/** How images are saved. */
export interface SaveOptions extends AbortOptions {
  readonly format: 'docker' | 'oci';
  readonly content: ContentStore;
  readonly images: ImageStore;
  /** Which image of an index goes into a docker archive. */
  readonly platform: Platform;
}

/**
 * Saves local images as one archive. The same images give the same bytes. All images are looked up and checked before
 * the first byte comes.
 *
 * @param names - as the user writes them.
 * @throws ExporterError `EXPORT_IMAGE_NOT_FOUND`, `EXPORT_CONTENT_MISSING`, `EXPORT_PLATFORMS_UNSUPPORTED`; OciError
 */
export async function saveImages(
  names: readonly string[],
  options: SaveOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const { format, content, images, signal } = options;
  const byDigest = new Map<string, NamedImage>();
  for (const written of names) {
    const name = formatReference(parseReference(written));
    const record = images.get(name);
    if (record === undefined)
      throw new ExporterError(`there is no image ${name}`, {
        code: 'EXPORT_IMAGE_NOT_FOUND',
        hint: 'img ls shows the images there are',
      });
    const target =
      format === 'docker'
        ? await onePlatform(content, record.target, options.platform)
        : await inOciTypes(content, record.target);
    const known = byDigest.get(target.digest);
    byDigest.set(target.digest, { target, names: [...new Set([...(known?.names ?? []), name])] });
  }
  const { entries } = await layOut(content, [...byDigest.values()], { signal, docker: format === 'docker' });
  return writeUstar(entries);
}

async function onePlatform(
  content: ContentStore,
  target: Descriptor,
  platform: Platform,
): Promise<Descriptor> {
  const document = detectDocument(await readStored(content, target), { mediaType: target.mediaType });
  if (document.kind === 'manifest') return target;
  const { manifests } = document.index;
  const chosen = bestPlatform(manifests, platform);
  if (chosen !== undefined) return onePlatform(content, chosen, platform);
  throw new ExporterError(
    `the image has no part for ${formatPlatform(platform)}; it has ${offeredPlatforms(manifests).join(', ')}`,
    {
      code: 'EXPORT_PLATFORMS_UNSUPPORTED',
      hint: 'save it with --format oci',
    },
  );
}

/** The same image as OCI documents; one that is that already stays as it is. */
async function inOciTypes(content: ContentStore, target: Descriptor): Promise<Descriptor> {
  const document = detectDocument(await readStored(content, target), { mediaType: target.mediaType });
  const { annotations: _dropped, ...plain } = target;
  if (document.kind === 'index') {
    const children = await Promise.all(document.index.manifests.map((child) => inOciTypes(content, child)));
    const isSame =
      document.mediaType === MEDIA_TYPES.ociIndex &&
      children.every((child, index) => child.digest === document.index.manifests[index]?.digest);
    if (isSame) return plain;
    const bytes = documentBytes({ ...document.index, mediaType: MEDIA_TYPES.ociIndex, manifests: children });
    return storeBytes(content, MEDIA_TYPES.ociIndex, bytes);
  }
  if (document.mediaType === MEDIA_TYPES.ociManifest) return target;
  const { manifest } = document;
  const converted: Manifest = {
    ...manifest,
    mediaType: MEDIA_TYPES.ociManifest,
    config: { ...manifest.config, mediaType: MEDIA_TYPES.ociConfig },
    layers: manifest.layers.map((layer) => layerDescriptor(layer, 'oci')),
  };
  const stored = await storeBytes(content, MEDIA_TYPES.ociManifest, documentBytes(converted));
  return {
    ...stored,
    ...(target.platform === undefined ? {} : { platform: target.platform }),
    ...(target.annotations === undefined ? {} : { annotations: target.annotations }),
  };
}
