// SPDX-License-Identifier: MIT
import { OciError } from './oci-error.ts';

/** Bytes beyond which a manifest or index is refused: what registries accept as well. */
export const MAX_MANIFEST_BYTES: number = 4 * 1024 * 1024;
/** Bytes beyond which an image config is refused; inline caches make large ones. */
export const MAX_CONFIG_BYTES: number = 16 * 1024 * 1024;
/** Entries beyond which a list of descriptors, diff ids or history is refused. */
export const MAX_ENTRIES = 4096;

const MAX_DEPTH = 64;

/** A JSON object whose `null` members were dropped: the formats treat them as absent. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads one JSON object.
 *
 * @throws OciError `DOCUMENT_INVALID` when it is too large, too deep, not UTF-8, not JSON or not an object.
 */
export function parseJsonObject(bytes: Uint8Array, what: string, maxBytes: number): JsonObject {
  if (bytes.byteLength > maxBytes)
    throw invalidDocument(what, `it has ${bytes.byteLength} bytes, more than the ${maxBytes} allowed`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw invalidDocument(what, 'it is not JSON', cause);
  }
  const clean = withoutNulls(value, what, 0);
  if (!isJsonObject(clean)) throw invalidDocument(what, 'it is not a JSON object');
  return clean;
}

/** Tells whether a value is an object and not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The error for a document that breaks its format. */
export function invalidDocument(what: string, why: string, cause?: unknown): OciError {
  return new OciError(`invalid ${what}: ${why}`, {
    code: 'DOCUMENT_INVALID',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A member that must be a string when it is there. */
export function optionalString(object: JsonObject, key: string, what: string): string | undefined {
  const value = object[key];
  if (value === undefined || typeof value === 'string') return value;
  throw invalidDocument(what, `${key} is not a string`);
}

/** A member that must be a list of strings when it is there. */
export function optionalStrings(object: JsonObject, key: string, what: string): void {
  const value = object[key];
  if (value === undefined || (Array.isArray(value) && value.every((item) => typeof item === 'string')))
    return;
  throw invalidDocument(what, `${key} is not a list of strings`);
}

/** A member that must be an object of strings when it is there. */
export function optionalStringMap(object: JsonObject, key: string, what: string): void {
  const value = object[key];
  if (
    value === undefined ||
    (isJsonObject(value) && Object.values(value).every((item) => typeof item === 'string'))
  )
    return;
  throw invalidDocument(what, `${key} is not an object of strings`);
}

/** A member that must be a list of at most {@link MAX_ENTRIES}; a missing one is an empty list. */
export function listOf(object: JsonObject, key: string, what: string): readonly unknown[] {
  const value = object[key] ?? [];
  if (!Array.isArray(value)) throw invalidDocument(what, `${key} is not a list`);
  if (value.length > MAX_ENTRIES)
    throw invalidDocument(what, `${key} has ${value.length} entries, more than the ${MAX_ENTRIES} allowed`);
  return value;
}

function withoutNulls(value: unknown, what: string, depth: number): unknown {
  if (depth > MAX_DEPTH) throw invalidDocument(what, `it is nested deeper than ${MAX_DEPTH}`);
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item, what, depth + 1));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, withoutNulls(item, what, depth + 1)]),
  );
}
