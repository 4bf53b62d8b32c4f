// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { AbortOptions, ContentStore, Fetcher, ResolvedImageConfig, Source } from '@img-build/interfaces';
import {
  type Descriptor,
  type Digest,
  detectDocument,
  digestAlgorithm,
  digestHex,
  formatReference,
  MAX_MANIFEST_BYTES,
  type Platform,
  parseIndex,
  parseReference,
  type Reference,
} from '@img-build/oci';
import { SourceError } from '../source-error.ts';
import { identifierBody, imageInstance } from './image-source.ts';
import { createLayerFetcher } from './layer-fetcher.ts';
import { readImage } from './stored-documents.ts';

/** Which OCI layouts a build may read. */
export interface OciLayoutSourceOptions {
  /** Absolute paths of layout folders by store name (LLB attribute `oci.store`). */
  readonly stores: Readonly<Record<string, string>>;
  readonly content: ContentStore;
  readonly platform: Platform;
}

/** An image of a layout. */
export interface LayoutImage {
  /** What the build calls the layout. */
  readonly store: string;
  readonly tag?: string | undefined;
  /** Wins over the tag. */
  readonly digest?: Digest | undefined;
}

/** OCI layouts, as a source and for the frontend. */
export interface OciLayoutSource extends Source {
  /** The config of an image; no layer is read. @throws SourceError `SOURCE_NOT_FOUND`, `SOURCE_PLATFORM_NOT_FOUND` */
  resolveConfig(image: LayoutImage, platform: Platform, options?: AbortOptions): Promise<ResolvedImageConfig>;
}

const SCHEME = 'oci-layout';
const STORE = 'oci.store';
const TAG = 'org.opencontainers.image.ref.name';

/**
 * Creates the source of `oci-layout://` identifiers. Blobs are verified while they are copied into the content store.
 *
 * @throws SourceError `SOURCE_NOT_FOUND` on `open`
 */
export function createOciLayoutSource({
  stores,
  content,
  platform: standard,
}: OciLayoutSourceOptions): OciLayoutSource {
  function folderOf(store: string): string {
    const folder = Object.hasOwn(stores, store) ? stores[store] : undefined;
    if (folder !== undefined) return folder;
    throw new SourceError(`there is no OCI layout named ${JSON.stringify(store)} in this build`, {
      code: 'SOURCE_NOT_FOUND',
    });
  }

  return {
    schemes: [SCHEME],
    async open(source, abort = {}) {
      const reference = parseReference(identifierBody(source, SCHEME));
      const folder = folderOf(source.attrs[STORE] ?? '');
      const fetcher = async (): Promise<Fetcher> => layoutFetcher(folder);
      const platform = source.platform ?? standard;
      const target = await targetIn(folder, reference);
      const documents = await readImage({ content, fetcher }, reference, target, platform, abort);
      return imageInstance(documents, {
        reference,
        platform,
        layers: createLayerFetcher({ content, fetcher }),
        isRemote: false,
      });
    },
    async resolveConfig({ store, tag = 'latest', digest }, platform, abort = {}) {
      const folder = folderOf(store);
      const reference = parseReference(digest === undefined ? `layout:${tag}` : `layout@${digest}`);
      const fetcher = async (): Promise<Fetcher> => layoutFetcher(folder);
      const target = await targetIn(folder, reference);
      const { config, configBytes } = await readImage(
        { content, fetcher },
        reference,
        target,
        platform,
        abort,
      );
      return { digest: target.digest, config, bytes: configBytes };
    },
  };
}

async function targetIn(folder: string, reference: Reference): Promise<Descriptor> {
  const { manifests } = parseIndex(await readBlob(folder, 'index.json', 'index.json'));
  const { digest, tag } = reference;
  const found =
    digest === undefined
      ? manifests.find(
          (one) => one.annotations?.[TAG] === tag || one.annotations?.[TAG] === formatReference(reference),
        )
      : manifests.find((one) => one.digest === digest);
  if (found !== undefined) return found;
  if (digest !== undefined) {
    const bytes = await readBlob(folder, blobFile(digest), digest);
    return { mediaType: detectDocument(bytes).mediaType, digest, size: bytes.byteLength };
  }
  throw new SourceError(`the OCI layout ${folder} has no image tagged ${JSON.stringify(tag)}`, {
    code: 'SOURCE_NOT_FOUND',
  });
}

function layoutFetcher(folder: string): Fetcher {
  return {
    async manifest(reference) {
      const { digest } = reference;
      if (digest === undefined) throw new Error('manifests of a layout are read by digest');
      const bytes = await readBlob(folder, blobFile(digest), digest);
      return {
        bytes,
        descriptor: { mediaType: detectDocument(bytes).mediaType, digest, size: bytes.byteLength },
      };
    },
    async *blob(_reference, descriptor, { offset, signal } = {}) {
      try {
        yield* createReadStream(join(folder, blobFile(descriptor.digest)), {
          start: offset ?? 0,
          ...(signal === undefined ? {} : { signal }),
        });
      } catch (error) {
        throw isSystemError(error, 'ENOENT') ? notThere(folder, descriptor.digest) : error;
      }
    },
  };
}

async function readBlob(folder: string, file: string, name: string): Promise<Uint8Array> {
  try {
    const bytes = await readFile(join(folder, file));
    if (bytes.byteLength <= MAX_MANIFEST_BYTES) return bytes;
  } catch (error) {
    throw isSystemError(error, 'ENOENT', 'ENOTDIR') ? notThere(folder, name) : error;
  }
  throw new SourceError(`${name} in the OCI layout ${folder} has more than ${MAX_MANIFEST_BYTES} bytes`, {
    code: 'SOURCE_TOO_LARGE',
  });
}

function blobFile(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;
}

function notThere(folder: string, name: string): SourceError {
  return new SourceError(`the OCI layout ${folder} has no ${name}`, { code: 'SOURCE_NOT_FOUND' });
}
