// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError, messageOf } from '@img-build/errors';
import { type Descriptor, digestHex, MEDIA_TYPES, parseIndex } from '@img-build/oci';
import type { FetchedManifest } from '../endpoints/fetched-manifest.ts';
import { referrerOf } from '../endpoints/referrers-tag.ts';
import { RegistryError } from '../registry-error.ts';
import type { ImageWriter } from './image-places.ts';
import { blobPath } from './layout-reader.ts';
import { storeBlob } from './store-blob.ts';

const TAG = 'org.opencontainers.image.ref.name';
/** Downloads that are not complete lie here; a later copy into the folder goes on with them. */
const PARTIAL = '.partial';

/**
 * A folder as an OCI image layout. Images that are there already stay, unless the new one has their tag. The index is
 * replaced last and in one step.
 *
 * @see image-spec v1.1.1, image-layout.md
 */
export function layoutWriter(folder: string, tag: string | undefined): ImageWriter {
  const store = async (document: FetchedManifest): Promise<void> => {
    const path = join(folder, blobPath(document.descriptor.digest));
    if ((await stat(path).catch(() => undefined))?.size === document.bytes.byteLength) return;
    await writeWhole(path, document.bytes);
  };
  return {
    isSingle: false,
    async blob(source, options) {
      const { digest } = source.descriptor;
      const partial = join(folder, PARTIAL, digestHex(digest));
      return (await storeBlob(source, join(folder, blobPath(digest)), partial, options))
        ? 'uploaded'
        : 'existed';
    },
    manifest: store,
    async finish(target, referrers) {
      await store(target);
      const { mediaType, digest, size } = target.descriptor;
      const entry: Descriptor = {
        mediaType,
        digest,
        size,
        ...(tag === undefined ? {} : { annotations: { [TAG]: tag } }),
      };
      const others = referrers.flatMap(({ descriptor, bytes }) => {
        const referrer = referrerOf(descriptor, bytes);
        return referrer === undefined ? [] : [referrer.entry];
      });
      await writeIndex(folder, [entry, ...others]);
      await rmdir(join(folder, PARTIAL)).catch(() => {});
    },
    close: async () => {},
  };
}

async function writeIndex(folder: string, added: readonly Descriptor[]): Promise<void> {
  const kept = (await presentEntries(folder)).filter(
    (old) => !added.some((entry) => (isTagged(entry) ? tagOf(old) === tagOf(entry) : isSame(old, entry))),
  );
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [...kept, ...added] };
  await writeWhole(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeWhole(join(folder, 'index.json'), JSON.stringify(index));
}

async function presentEntries(folder: string): Promise<readonly Descriptor[]> {
  const path = join(folder, 'index.json');
  try {
    return parseIndex(await readFile(path)).manifests;
  } catch (cause) {
    if (isSystemError(cause, 'ENOENT')) return [];
    throw new RegistryError(`${path} is no index: ${messageOf(cause)}`, {
      code: 'REGISTRY_ARCHIVE_INVALID',
      cause,
    });
  }
}

function isTagged(entry: Descriptor): boolean {
  return tagOf(entry) !== undefined;
}

function tagOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[TAG];
}

/** An entry without a tag is there once. */
function isSame(old: Descriptor, entry: Descriptor): boolean {
  return old.digest === entry.digest && !isTagged(old);
}

/** Writes a file so that it is there whole or not at all. */
async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  await mkdir(join(path, '..'), { recursive: true });
  try {
    await writeFile(temporary, content, { flag: 'wx' });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
