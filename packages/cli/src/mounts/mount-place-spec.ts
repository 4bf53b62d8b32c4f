// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { readCsvFields } from '@img-build/dockerfile-parser';
import type { Compression } from '@img-build/interfaces';
import { isTag, parseReference, type Reference } from '@img-build/oci';
import { nearest } from '../nearest.ts';
import { UsageError } from '../usage-error.ts';

/** Where saved cache mounts are. */
export type MountPlaceSpec =
  | { readonly type: 'registry'; readonly reference: Reference; readonly insecure: boolean }
  | { readonly type: 'local'; readonly folder: string; readonly tag: string | undefined };

/** One `--cache-mount-from`. */
export interface MountImportSpec {
  readonly place: MountPlaceSpec;
  /** Ids of the cache mounts that are meant; none means all. */
  readonly ids: readonly string[];
}

/** One `--cache-mount-to`. */
export interface MountExportSpec extends MountImportSpec {
  readonly compression: Compression;
  readonly compressionLevel: number | undefined;
  /** A failed export is a warning. */
  readonly ignoreError: boolean;
}

const PLACE_KEYS = {
  registry: ['ref', 'registry.insecure'],
  local: ['tag'],
} as const;
const EXPORT_KEYS = ['compression', 'compression-level', 'ignore-error'];
const COMPRESSIONS: readonly Compression[] = ['zstd', 'gzip', 'uncompressed'];

/**
 * Reads `type=registry,ref=REF[,id=ID…]`, `type=local,src=FOLDER[,id=ID…]`, or the name of a registry's repository alone.
 *
 * @throws UsageError, OciError
 */
export function parseMountImport(text: string, flag = '--cache-mount-from'): MountImportSpec {
  const given = fieldsOf(text, flag);
  const place = placeFrom(given, 'src', []);
  return { place, ids: given.ids };
}

/**
 * Reads the same with `dest=` and `compression=`, `compression-level=`, `ignore-error=`.
 *
 * @throws UsageError, OciError
 */
export function parseMountExport(text: string, flag = '--cache-mount-to'): MountExportSpec {
  const given = fieldsOf(text, flag);
  const place = placeFrom(given, 'dest', EXPORT_KEYS);
  return {
    place,
    ids: given.ids,
    ...compressionFrom(
      given.values.get('compression'),
      given.values.get('compression-level'),
      (problem, hint) => refuse(given, problem, hint),
    ),
    ignoreError: truth(given, 'ignore-error'),
  };
}

/** How a layer is to be packed; zstd when nothing is said. */
export function compressionFrom(
  name: string | undefined,
  level: string | undefined,
  fail: (problem: string, hint: string) => never,
): Pick<MountExportSpec, 'compression' | 'compressionLevel'> {
  const compression = name === undefined ? 'zstd' : COMPRESSIONS.find((each) => each === name);
  if (compression === undefined)
    return fail(
      `unsupported compression ${JSON.stringify(name)}`,
      `choose one of ${COMPRESSIONS.join(', ')}`,
    );
  if (level !== undefined && !/^\d{1,2}$/.test(level))
    return fail(`compression-level ${JSON.stringify(level)} is no number`, 'write compression-level=3');
  return { compression, compressionLevel: level === undefined ? undefined : Number(level) };
}

interface Given {
  readonly flag: string;
  readonly text: string;
  readonly values: ReadonlyMap<string, string>;
  readonly ids: readonly string[];
}

function fieldsOf(text: string, flag: string): Given {
  const parsed = readCsvFields(text);
  const values = new Map<string, string>();
  const ids: string[] = [];
  const given = { flag, text, values, ids };
  if ('problem' in parsed) return refuse(given, text === '' ? 'it says nothing' : parsed.problem);
  for (const [index, field] of parsed.fields.entries()) {
    const equals = field.indexOf('=');
    const [key, value] = [field.slice(0, Math.max(equals, 0)).trim().toLowerCase(), field.slice(equals + 1)];
    // A reference has no equals sign.
    if (equals < 0 && index === 0) values.set('type', 'registry').set('ref', field.trim());
    else if (equals < 0) refuse(given, `${JSON.stringify(field)} is not key=value`);
    else if (value === '') refuse(given, `${key} has no value`);
    else if (key === 'id') ids.push(value);
    else if (values.has(key)) refuse(given, `${JSON.stringify(key)} is given twice`);
    else values.set(key, value);
  }
  return given;
}

function placeFrom(given: Given, path: 'src' | 'dest', more: readonly string[]): MountPlaceSpec {
  const type = given.values.get('type');
  if (type !== 'registry' && type !== 'local')
    return refuse(
      given,
      type === undefined ? 'it has no type' : `unsupported type ${JSON.stringify(type)}`,
      `write type=registry,ref=REF or type=local,${path}=FOLDER`,
    );
  const known = [...PLACE_KEYS[type], ...(type === 'local' ? [path] : []), ...more];
  for (const key of given.values.keys()) {
    if (key === 'type' || known.includes(key)) continue;
    const near = nearest(key, known);
    refuse(given, `type=${type} has no ${JSON.stringify(key)}`, near && `did you mean ${near}?`);
  }
  if (type === 'registry') {
    const reference = given.values.get('ref') ?? refuse(given, 'it has no ref', 'add ref=REFERENCE');
    return { type, reference: parseReference(reference), insecure: truth(given, 'registry.insecure') };
  }
  const folder = given.values.get(path) ?? refuse(given, `it has no ${path}`, `add ${path}=FOLDER`);
  const tag = given.values.get('tag');
  if (tag !== undefined && !isTag(tag)) refuse(given, `${JSON.stringify(tag)} is no tag`);
  return { type, folder: resolve(folder), tag };
}

function truth(given: Given, key: string): boolean {
  const text = given.values.get(key) ?? 'false';
  if (text !== 'true' && text !== 'false') refuse(given, `${key} is true or false`);
  return text === 'true';
}

function refuse({ flag, text }: Pick<Given, 'flag' | 'text'>, problem: string, hint?: string): never {
  throw new UsageError(`invalid ${flag} ${JSON.stringify(text)}: ${problem}`, hint);
}
