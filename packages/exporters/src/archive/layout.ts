// SPDX-License-Identifier: MIT
import type { AbortOptions, ContentReader } from '@img-build/interfaces';
import {
  type ArchiveEntry,
  type Descriptor,
  type Digest,
  detectDocument,
  digestAlgorithm,
  digestHex,
  isForeignLayerType,
  isIndexType,
  isManifestType,
  type Manifest,
  MEDIA_TYPES,
  parseReference,
} from '@img-build/oci';
import { annotated } from '../image/annotations.ts';
import { missing, readStored } from '../image/push-image.ts';
import { compactBytes } from '../image/stable-json.ts';

/** An image with the names it is to be found by. */
export interface NamedImage {
  readonly target: Descriptor;
  /** Normalised, with tag; none for an image without a name. */
  readonly names: readonly string[];
  /** RFC 3339. */
  readonly created?: string | undefined;
}

/** An OCI image layout, not yet written. */
export interface ImageLayout {
  readonly entries: readonly ArchiveEntry[];
  readonly index: {
    readonly schemaVersion: 2;
    readonly mediaType: string;
    readonly manifests: readonly Descriptor[];
  };
}

/** How to lay images out. */
export interface LayoutOptions extends AbortOptions {
  /** Also write docker's `manifest.json`. */
  readonly docker?: boolean | undefined;
}

/** What `oci-layout` says. */
export const LAYOUT_FILE: Uint8Array = compactBytes({ imageLayoutVersion: '1.0.0' });

/**
 * Lays out images as one OCI image layout, sorted by path; with `docker`, as the hybrid that `docker load` reads too.
 *
 * @throws ExporterError `EXPORT_CONTENT_MISSING`
 * @see image-spec v1.1.1, image-layout.md
 */
export async function layOut(
  content: ContentReader,
  images: readonly NamedImage[],
  options: LayoutOptions = {},
): Promise<ImageLayout> {
  const blobs = new Map<Digest, Descriptor>();
  const dockerItems: object[] = [];
  for (const { target, names } of images) {
    const manifests = await collectBlobs(content, target, blobs);
    if (options.docker === true)
      for (const manifest of manifests) dockerItems.push(dockerItem(manifest, names));
  }
  const index = {
    schemaVersion: 2 as const,
    mediaType: MEDIA_TYPES.ociIndex,
    manifests: images.flatMap(indexEntries),
  };
  const entries: ArchiveEntry[] = [
    folder('blobs/'),
    ...[...new Set([...blobs.keys()].map(digestAlgorithm))].map((algorithm) => folder(`blobs/${algorithm}/`)),
  ];
  for (const { digest, size } of blobs.values()) {
    entries.push({
      path: blobPath(digest),
      mode: 0o444,
      size,
      open: () => content.open(digest, { signal: options.signal }),
    });
  }
  entries.push(file('index.json', 0o644, compactBytes(index)));
  if (options.docker === true) entries.push(file('manifest.json', 0o644, compactBytes(dockerItems)));
  entries.push(file('oci-layout', 0o444, LAYOUT_FILE));
  return { entries: entries.sort((a, b) => (a.path < b.path ? -1 : 1)), index };
}

/** Where a layout keeps a blob. */
export function blobPath(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;
}

/** All blobs of an image; the answer is its manifests. */
async function collectBlobs(
  content: ContentReader,
  descriptor: Descriptor,
  blobs: Map<Digest, Descriptor>,
): Promise<readonly Manifest[]> {
  blobs.set(descriptor.digest, descriptor);
  const document = detectDocument(await readStored(content, descriptor), { mediaType: descriptor.mediaType });
  if (document.kind === 'index') {
    const manifests: Manifest[] = [];
    for (const child of document.index.manifests) {
      if (isIndexType(child.mediaType) || isManifestType(child.mediaType))
        manifests.push(...(await collectBlobs(content, child, blobs)));
    }
    return manifests;
  }
  for (const blob of [document.manifest.config, ...document.manifest.layers]) {
    if (isForeignLayerType(blob.mediaType)) continue;
    if ((await content.info(blob.digest)) === undefined) throw missing(blob);
    blobs.set(blob.digest, blob);
  }
  return [document.manifest];
}

function indexEntries({ target, names, created }: NamedImage): readonly Descriptor[] {
  const time: Record<string, string> =
    created === undefined ? {} : { 'org.opencontainers.image.created': created };
  const described = (annotations: Record<string, string>): Descriptor =>
    annotated(target, Object.keys(annotations).length === 0 ? undefined : annotations);
  if (names.length === 0) return [described(time)];
  return names.map((name) => {
    const { tag } = parseReference(name);
    // containerd, docker and podman find the name in the first; the last is the tag alone.
    return described({
      'io.containerd.image.name': name,
      ...time,
      ...(tag === undefined ? {} : { 'org.opencontainers.image.ref.name': tag }),
    });
  });
}

/** Fully qualified names: a reader that does not fill in docker.io would put a short one under localhost. */
function dockerItem({ config, layers }: Manifest, names: readonly string[]): object {
  const tags = names.filter((name) => parseReference(name).tag !== undefined);
  return {
    Config: blobPath(config.digest),
    RepoTags: tags.length === 0 ? null : tags,
    Layers: layers.map(({ digest }) => blobPath(digest)),
  };
}

function folder(path: string): ArchiveEntry {
  return { path, mode: 0o755, size: 0, open: () => bytesOf(new Uint8Array(0)) };
}

function file(path: string, mode: number, bytes: Uint8Array): ArchiveEntry {
  return { path, mode, size: bytes.byteLength, open: () => bytesOf(bytes) };
}

async function* bytesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
