// SPDX-License-Identifier: MIT
import { createHash, randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import type { BlobSource } from '@img-build/interfaces';
import {
  type ArchiveEntry,
  type Digest,
  digestAlgorithm,
  formatReference,
  MEDIA_TYPES,
  type Reference,
  writeUstar,
} from '@img-build/oci';
import type { FetchedManifest } from '../endpoints/fetched-manifest.ts';
import { RegistryError } from '../registry-error.ts';
import type { ImageWriter } from './image-places.ts';
import { blobPath } from './layout-reader.ts';

interface Item {
  readonly source: BlobSource;
  readonly onProgress: ((bytes: number) => void) | undefined;
}

/**
 * A file that docker, podman and containerd load: an image layout with docker's `manifest.json` beside it, so that digests
 * stay. Archives are written from front to back: blobs are only noted until the end, and a file that fails is removed.
 */
export function archiveWriter(path: string, reference: Reference | undefined): ImageWriter {
  const blobs = new Map<Digest, Item>();
  return {
    isSingle: true,
    async blob(source, { onProgress }) {
      blobs.set(source.descriptor.digest, { source, onProgress });
      return 'uploaded';
    },
    async manifest() {
      throw new RegistryError('an archive holds one image of one platform', { code: 'REGISTRY_UNSUPPORTED' });
    },
    async finish(target, _referrers, { signal }) {
      if (target.kind === 'index')
        throw new RegistryError(`${path} can hold one image of one platform only`, {
          code: 'REGISTRY_UNSUPPORTED',
          hint: 'name a platform, or copy to oci:FOLDER',
        });
      const temporary = `${path}.${randomUUID()}.tmp`;
      const file = await open(temporary, 'wx');
      try {
        for await (const chunk of writeUstar(entriesOf(target, blobs, reference))) {
          signal?.throwIfAborted();
          for (let at = 0; at < chunk.byteLength; ) at += (await file.write(chunk, at)).bytesWritten;
        }
        await file.close();
        await rename(temporary, path);
      } catch (error) {
        await file.close().catch(() => {});
        await rm(temporary, { force: true });
        signal?.throwIfAborted();
        throw error;
      }
    },
    close: async () => {},
  };
}

function entriesOf(
  target: FetchedManifest & { readonly kind: 'manifest' },
  blobs: ReadonlyMap<Digest, Item>,
  reference: Reference | undefined,
): readonly ArchiveEntry[] {
  const { config, layers } = target.manifest;
  const name = reference?.tag === undefined ? undefined : formatReference(reference);
  const index = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociIndex,
    manifests: [
      {
        ...target.descriptor,
        ...(name === undefined
          ? {}
          : {
              annotations: {
                'io.containerd.image.name': name,
                'org.opencontainers.image.ref.name': reference?.tag,
              },
            }),
      },
    ],
  };
  const docker = [
    {
      Config: blobPath(config.digest),
      RepoTags: name === undefined ? null : [name],
      Layers: layers.map(({ digest }) => blobPath(digest)),
    },
  ];
  const stored = [...blobs.values()].map(blobEntry);
  const algorithms = new Set([target.descriptor.digest, ...blobs.keys()].map(digestAlgorithm));
  return [
    folder('blobs/'),
    ...[...algorithms].map((algorithm) => folder(`blobs/${algorithm}/`)),
    ...stored,
    file(blobPath(target.descriptor.digest), 0o444, target.bytes),
    file('index.json', 0o644, Buffer.from(JSON.stringify(index))),
    file('manifest.json', 0o644, Buffer.from(JSON.stringify(docker))),
    file('oci-layout', 0o444, Buffer.from('{"imageLayoutVersion":"1.0.0"}')),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function blobEntry({ source, onProgress }: Item): ArchiveEntry {
  const { digest, size } = source.descriptor;
  return { path: blobPath(digest), mode: 0o444, size, open: () => verified(source, onProgress) };
}

async function* verified(
  source: BlobSource,
  onProgress: Item['onProgress'],
): AsyncGenerator<Uint8Array, void, undefined> {
  const { digest, size } = source.descriptor;
  const hash = createHash(digestAlgorithm(digest));
  let at = 0;
  for await (const chunk of source.open(0)) {
    hash.update(chunk);
    at += chunk.byteLength;
    onProgress?.(at);
    yield chunk;
  }
  if (at === size && digest.endsWith(`:${hash.digest('hex')}`)) return;
  throw new RegistryError(`blob ${digest} arrived as something else`, { code: 'REGISTRY_DIGEST_MISMATCH' });
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
