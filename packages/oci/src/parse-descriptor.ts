// SPDX-License-Identifier: MIT
import type { Descriptor } from './descriptor.ts';
import { isDigest } from './digest.ts';
import {
  invalidDocument,
  isJsonObject,
  optionalString,
  optionalStringMap,
  optionalStrings,
} from './json-document.ts';

/**
 * Checks a descriptor read from a document; members unknown here are kept.
 *
 * @param what - names the place in errors.
 * @throws OciError `DOCUMENT_INVALID`
 * @see image-spec v1.1.1, descriptor.md
 */
export function descriptorFrom(value: unknown, what: string): Descriptor {
  if (!isJsonObject(value)) throw invalidDocument(what, 'it is not a descriptor');
  const mediaType = optionalString(value, 'mediaType', what);
  if (mediaType === undefined || mediaType === '') throw invalidDocument(what, 'it has no mediaType');
  const digest = optionalString(value, 'digest', what);
  if (digest === undefined || !isDigest(digest))
    throw invalidDocument(what, `${JSON.stringify(digest ?? null)} is not a digest`);
  const { size } = value;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw invalidDocument(what, 'its size is not a number of bytes');
  optionalStringMap(value, 'annotations', what);
  optionalStrings(value, 'urls', what);
  optionalString(value, 'artifactType', what);
  optionalString(value, 'data', what);
  if (value['platform'] !== undefined) checkPlatform(value['platform'], what);
  return { ...value, mediaType, digest, size } as Descriptor;
}

function checkPlatform(value: unknown, what: string): void {
  if (!isJsonObject(value)) throw invalidDocument(what, 'its platform is not an object');
  for (const key of ['os', 'architecture']) {
    if (typeof value[key] !== 'string') throw invalidDocument(what, `its platform has no ${key}`);
  }
  optionalString(value, 'variant', what);
  optionalString(value, 'os.version', what);
  optionalStrings(value, 'os.features', what);
}
