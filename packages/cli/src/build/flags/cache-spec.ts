// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import type { Compression } from '@img-build/interfaces';
import { type Digest, isDigest, isTag, parseReference, type Reference } from '@img-build/oci';
import { nearest } from '../../nearest.ts';
import { UsageError } from '../../usage-error.ts';
import { COMPRESSIONS, readLevel } from './compression.ts';
import { readFields } from './key-value-fields.ts';

/** What all exports of a cache have in common. */
export interface CacheExportSettings {
  /** `min`: the steps of the result; `max`: all steps. */
  readonly mode: 'min' | 'max';
  /** Of layers that are made for the cache. */
  readonly compression: Compression | undefined;
  readonly compressionLevel: number | undefined;
  /** Layers that exist are compressed anew. */
  readonly forceCompression: boolean;
  /** A failed export is a warning. */
  readonly ignoreError: boolean;
  /** An image manifest, or an index of layers. */
  readonly imageManifest: boolean;
  readonly mediaTypes: 'oci' | 'docker';
}

/** One `--cache-to`. */
export type CacheExportSpec = CacheExportSettings &
  (
    | { readonly type: 'inline' }
    | { readonly type: 'registry'; readonly reference: Reference; readonly insecure: boolean }
    | { readonly type: 'local'; readonly folder: string; readonly tag: string; readonly reset: boolean }
  );

/** One `--cache-from`. */
export type CacheImportSpec =
  | { readonly type: 'registry'; readonly reference: Reference; readonly insecure: boolean }
  | {
      readonly type: 'local';
      readonly folder: string;
      readonly tag: string;
      /** Of the manifest; wins over the tag. */
      readonly digest: Digest | undefined;
    };

const SHARED = ['mode', 'ignore-error'];
const FORMAT = ['compression', 'compression-level', 'force-compression', 'image-manifest', 'oci-mediatypes'];
const EXPORT_KEYS = {
  inline: SHARED,
  registry: [...SHARED, ...FORMAT, 'ref', 'registry.insecure'],
  local: [...SHARED, ...FORMAT, 'dest', 'tag', 'reset'],
} as const;
const IMPORT_KEYS = { registry: ['ref', 'registry.insecure'], local: ['src', 'tag', 'digest'] } as const;
/** Kinds of caches that other builders have and that are services of their own. */
const ELSEWHERE: readonly string[] = ['gha', 's3', 'azblob'];

/**
 * Reads `type=inline|registry|local,key=value…`; a name without any key is a registry's.
 *
 * @param cwd - what a relative `dest` is below.
 * @throws UsageError
 */
export function parseCacheExport(text: string, cwd: string): CacheExportSpec {
  const given = attributesOf('cache-to', text, EXPORT_KEYS);
  const settings = settingsOf(given);
  switch (given.type) {
    case 'inline':
      return { type: 'inline', ...settings };
    case 'registry':
      return { type: 'registry', ...registryPart(given), ...settings };
    case 'local':
      return {
        type: 'local',
        folder: folderOf(given, 'dest', cwd),
        tag: tagOf(given),
        reset: truth(given, 'reset') ?? false,
        ...settings,
      };
  }
}

/**
 * Reads `type=registry|local,key=value…`; a name without any key is a registry's.
 *
 * @param cwd - what a relative `src` is below.
 * @throws UsageError
 */
export function parseCacheImport(text: string, cwd: string): CacheImportSpec {
  const given = attributesOf('cache-from', text, IMPORT_KEYS);
  if (given.type === 'registry') return { type: 'registry', ...registryPart(given) };
  const digest = given.attributes.get('digest');
  if (digest !== undefined && !isDigest(digest))
    refuse(given, `digest=${JSON.stringify(digest)} is no digest`, 'write digest=sha256:HEX');
  return { type: 'local', folder: folderOf(given, 'src', cwd), tag: tagOf(given), digest };
}

interface Given<T extends string> {
  readonly flag: string;
  readonly text: string;
  readonly type: T;
  readonly attributes: ReadonlyMap<string, string>;
}

function attributesOf<T extends string>(
  flag: string,
  text: string,
  keys: Readonly<Record<T, readonly string[]>>,
): Given<T> {
  const fields = readFields(flag, text);
  const attributes = new Map<string, string>();
  for (const [key, value] of fields) {
    // A list of names, as buildctl and docker take it, is no specification; one name is.
    if (value === undefined && fields.size === 1) attributes.set('type', 'registry').set('ref', text.trim());
    else if (value === undefined) refuse({ flag, text }, `${JSON.stringify(key)} is not key=value`);
    else attributes.set(key, value);
  }
  const type = typeOf({ flag, text }, attributes.get('type'), keys);
  attributes.delete('type');
  for (const key of attributes.keys()) {
    if (keys[type].includes(key)) continue;
    const near = nearest(key, keys[type]);
    refuse(
      { flag, text },
      `type=${type} has no attribute ${JSON.stringify(key)}${near === undefined ? '' : ` (did you mean ${near}?)`}`,
      `there is ${keys[type].join(', ')}`,
    );
  }
  return { flag, text, type, attributes };
}

function typeOf<T extends string>(
  place: Place,
  type: string | undefined,
  keys: Readonly<Record<T, readonly string[]>>,
): T {
  const types = Object.keys(keys) as T[];
  const known = types.find((each) => each === type);
  if (known !== undefined) return known;
  const choices = types.map((each) => `type=${each}`).join(', ');
  if (type === undefined) return refuse(place, 'it has no type', `choose one of ${choices}`);
  if (type === 'inline')
    return refuse(
      place,
      'an inline cache is part of an image',
      'write type=registry,ref=IMAGE to read the cache of an image',
    );
  if (ELSEWHERE.includes(type))
    return refuse(
      place,
      `caches of type=${type} are not supported`,
      `use a registry (type=registry,ref=NAME), or a folder that the CI keeps (type=local)`,
    );
  const near = nearest(type, types);
  return refuse(
    place,
    `unknown type ${JSON.stringify(type)}${near === undefined ? '' : ` (did you mean ${near}?)`}`,
    `choose one of ${choices}`,
  );
}

function settingsOf(given: Given<string>): CacheExportSettings {
  const { attributes } = given;
  const mode = attributes.get('mode') ?? 'min';
  if (mode !== 'min' && mode !== 'max')
    return refuse(given, `mode must be min or max, not ${JSON.stringify(mode)}`);
  const compression = attributes.get('compression');
  const known = COMPRESSIONS.find((each) => each === compression);
  if (compression !== undefined && known === undefined)
    refuse(
      given,
      `unsupported compression ${JSON.stringify(compression)}`,
      `choose one of ${COMPRESSIONS.join(', ')}`,
    );
  const oci = truth(given, 'oci-mediatypes') ?? true;
  const imageManifest = truth(given, 'image-manifest') ?? oci;
  if (imageManifest && !oci)
    refuse(given, 'image-manifest=true needs OCI media types', 'leave out oci-mediatypes=false');
  return {
    mode,
    compression: known,
    compressionLevel: levelOf(given, known),
    forceCompression: truth(given, 'force-compression') ?? false,
    ignoreError: truth(given, 'ignore-error') ?? false,
    imageManifest,
    mediaTypes: oci ? 'oci' : 'docker',
  };
}

function levelOf(given: Given<string>, compression: Compression | undefined): number | undefined {
  const text = given.attributes.get('compression-level');
  if (text === undefined) return undefined;
  const level = readLevel(text, compression);
  return typeof level === 'number' ? level : refuse(given, level);
}

function registryPart(given: Given<string>): { readonly reference: Reference; readonly insecure: boolean } {
  const ref = given.attributes.get('ref') ?? '';
  if (ref === '') refuse(given, 'it has no ref', 'add ref=REGISTRY/NAME:TAG');
  return { reference: parseReference(ref), insecure: truth(given, 'registry.insecure') ?? false };
}

function folderOf(given: Given<string>, key: string, cwd: string): string {
  const path = given.attributes.get(key) ?? '';
  return path === '' ? refuse(given, `it has no ${key}`, `add ${key}=DIRECTORY`) : resolve(cwd, path);
}

function tagOf(given: Given<string>): string {
  const tag = given.attributes.get('tag') ?? 'latest';
  return isTag(tag) ? tag : refuse(given, `${JSON.stringify(tag)} is not a tag`);
}

function truth(given: Given<string>, key: string): boolean | undefined {
  const value = given.attributes.get(key);
  if (value === undefined) return undefined;
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  return refuse(given, `${key} must be true or false, not ${JSON.stringify(value)}`);
}

type Place = Pick<Given<string>, 'flag' | 'text'>;

function refuse({ flag, text }: Place, problem: string, hint?: string): never {
  throw new UsageError(`invalid --${flag} ${JSON.stringify(text)}: ${problem}`, hint);
}
