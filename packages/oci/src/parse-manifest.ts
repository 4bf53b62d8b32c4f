// SPDX-License-Identifier: MIT
import {
  invalidDocument,
  type JsonObject,
  listOf,
  MAX_MANIFEST_BYTES,
  optionalString,
  optionalStringMap,
  parseJsonObject,
} from './json-document.ts';
import type { Index, Manifest } from './manifest.ts';
import { baseMediaType, isIndexType, isManifestType, isSchema1Type, MEDIA_TYPES } from './media-types.ts';
import { OciError } from './oci-error.ts';
import { descriptorFrom } from './parse-descriptor.ts';

/** What is known about a manifest or index before reading it. */
export interface DocumentOptions {
  /** The media type it came with: a descriptor's, or a Content-Type header (parameters are ignored). */
  readonly mediaType?: string | undefined;
  /** Bytes; {@link MAX_MANIFEST_BYTES} by default. */
  readonly maxBytes?: number | undefined;
}

/** A manifest or an index with the media type it has. */
export type ImageDocument =
  | { readonly kind: 'manifest'; readonly mediaType: string; readonly manifest: Manifest }
  | { readonly kind: 'index'; readonly mediaType: string; readonly index: Index };

/** Types that say nothing about the document: the document itself decides. */
const GENERIC_TYPES: ReadonlySet<string> = new Set([
  '',
  'application/json',
  'text/plain',
  'application/octet-stream',
  'binary/octet-stream',
]);
/** Members that decide what a document is; readers that ignore case must not see another document than we do. */
const DECISIVE_KEYS: readonly string[] = [
  'schemaVersion',
  'mediaType',
  'config',
  'layers',
  'manifests',
  'fsLayers',
];

/**
 * Reads a manifest or index and tells which it is. Refuses documents that different readers would take for different
 * things.
 *
 * @throws OciError `DOCUMENT_INVALID`, `DOCUMENT_AMBIGUOUS`, `MEDIA_TYPE_UNSUPPORTED` (docker schema 1 and anything
 *   that is neither manifest nor index)
 * @see image-spec v1.1.1, manifest.md and image-index.md; CVE-2021-41190
 */
export function detectDocument(bytes: Uint8Array, options: DocumentOptions = {}): ImageDocument {
  const claimed = baseMediaType(options.mediaType);
  if (isSchema1Type(claimed)) throw schema1();
  if (!GENERIC_TYPES.has(claimed) && !isManifestType(claimed) && !isIndexType(claimed))
    throw unsupported(claimed);
  const object = parseJsonObject(bytes, 'manifest', options.maxBytes ?? MAX_MANIFEST_BYTES);
  const mediaType = documentType(object, claimed);
  return isIndexType(mediaType)
    ? { kind: 'index', mediaType, index: indexFrom(object, mediaType) }
    : { kind: 'manifest', mediaType, manifest: manifestFrom(object, mediaType) };
}

/**
 * Reads an image manifest. Its media type is filled in; members unknown here are kept.
 *
 * @throws OciError as {@link detectDocument}, and `DOCUMENT_INVALID` for an index.
 */
export function parseManifest(bytes: Uint8Array, options: DocumentOptions = {}): Manifest {
  const document = detectDocument(bytes, options);
  if (document.kind === 'manifest') return document.manifest;
  throw invalidDocument('manifest', 'it is an index');
}

/**
 * Reads an image index or docker manifest list. Its media type is filled in; members unknown here are kept.
 *
 * @throws OciError as {@link detectDocument}, and `DOCUMENT_INVALID` for a manifest.
 */
export function parseIndex(bytes: Uint8Array, options: DocumentOptions = {}): Index {
  const document = detectDocument(bytes, options);
  if (document.kind === 'index') return document.index;
  throw invalidDocument('index', 'it is a manifest');
}

function documentType(object: JsonObject, claimed: string): string {
  for (const key of Object.keys(object)) {
    const twin = DECISIVE_KEYS.find((name) => name !== key && name.toLowerCase() === key.toLowerCase());
    if (twin !== undefined)
      throw ambiguous(`it has a member ${JSON.stringify(key)} next to what ${JSON.stringify(twin)} means`);
  }
  const own = optionalString(object, 'mediaType', 'manifest');
  if (
    object['fsLayers'] !== undefined ||
    object['schemaVersion'] === 1 ||
    (own !== undefined && isSchema1Type(own))
  )
    throw schema1();
  const inIndex = object['manifests'] !== undefined;
  const inManifest = object['layers'] !== undefined || object['config'] !== undefined;
  if (inIndex && inManifest) throw ambiguous('it lists both manifests and layers');
  const generic = GENERIC_TYPES.has(claimed);
  if (own !== undefined && !generic && own !== claimed)
    throw ambiguous(`it says ${own} but came as ${claimed}`);
  const mediaType =
    own ?? (generic ? undefined : claimed) ?? (inIndex ? MEDIA_TYPES.ociIndex : MEDIA_TYPES.ociManifest);
  if (!isIndexType(mediaType) && !isManifestType(mediaType)) throw unsupported(mediaType);
  if (isIndexType(mediaType) ? inManifest : inIndex)
    throw ambiguous(`its members do not fit its type ${mediaType}`);
  if (object['schemaVersion'] !== 2) throw invalidDocument('manifest', 'its schemaVersion is not 2');
  return mediaType;
}

function manifestFrom(object: JsonObject, mediaType: string): Manifest {
  if (object['config'] === undefined) throw invalidDocument('manifest', 'it has no config');
  const config = descriptorFrom(object['config'], 'manifest config');
  const layers = listOf(object, 'layers', 'manifest').map((layer, index) =>
    descriptorFrom(layer, `manifest layer ${index}`),
  );
  return { ...object, ...commonParts(object, mediaType), config, layers };
}

function indexFrom(object: JsonObject, mediaType: string): Index {
  if (object['manifests'] === undefined) throw invalidDocument('index', 'it has no manifests');
  const manifests = listOf(object, 'manifests', 'index').map((entry, index) =>
    descriptorFrom(entry, `index entry ${index}`),
  );
  return { ...object, ...commonParts(object, mediaType), manifests };
}

function commonParts(
  object: JsonObject,
  mediaType: string,
): Pick<Manifest, 'schemaVersion' | 'mediaType' | 'subject'> {
  optionalString(object, 'artifactType', 'manifest');
  optionalStringMap(object, 'annotations', 'manifest');
  return {
    schemaVersion: 2,
    mediaType,
    ...(object['subject'] === undefined ? {} : { subject: descriptorFrom(object['subject'], 'subject') }),
  };
}

function ambiguous(why: string): OciError {
  return new OciError(`ambiguous manifest: ${why}`, { code: 'DOCUMENT_AMBIGUOUS' });
}

function unsupported(mediaType: string): OciError {
  return new OciError(`unsupported media type ${JSON.stringify(mediaType.slice(0, 200))}`, {
    code: 'MEDIA_TYPE_UNSUPPORTED',
  });
}

function schema1(): OciError {
  return new OciError('unsupported docker schema 1 manifest', {
    code: 'MEDIA_TYPE_UNSUPPORTED',
    hint: 'pull and push the image again with a current tool, or rebuild it',
  });
}
