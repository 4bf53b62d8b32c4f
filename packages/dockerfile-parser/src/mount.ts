// SPDX-License-Identifier: MIT
import type { RunMount } from './ast.ts';
import { quote } from './characters.ts';
import { DockerfileError } from './dockerfile-error.ts';
import { parseBoolean, parseMemorySize, parseUnsigned } from './flag-values.ts';
import { suggest, withSuggestion } from './suggestion.ts';

/** Kinds of `RUN --mount`. */
export type MountType = 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';

/** How users of one cache mount share it. */
export type CacheSharing = 'shared' | 'private' | 'locked';

/** A mount after expansion and checks. Strings are empty and numbers `null` where nothing was given. */
export interface Mount {
  readonly type: MountType;
  /** Stage, context or image; never expanded. */
  readonly from: string;
  readonly source: string;
  readonly target: string;
  /** Default by type: false for cache and tmpfs, else true. */
  readonly readOnly: boolean;
  readonly id: string;
  /** `null`: not given, which means shared. */
  readonly sharing: CacheSharing | null;
  /** Secret and ssh: fail when it is not there. */
  readonly required: boolean;
  /** Secret: name of the environment variable to set; `null`: none. */
  readonly env: string | null;
  /** Permission bits. */
  readonly mode: number | null;
  readonly uid: number | null;
  readonly gid: number | null;
  /** Tmpfs: bytes; 0: no limit. */
  readonly sizeLimit: number;
}

type MountFields = { -readonly [Key in keyof Mount]: Mount[Key] };

const TYPES: readonly MountType[] = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'];
const SHARINGS: readonly CacheSharing[] = ['shared', 'private', 'locked'];

/**
 * Expands the values of a mount and checks them.
 *
 * @param expand - expands one value, usually {@link processWord} with the variables in force.
 *   It is not called for `from`.
 * @throws DockerfileError `MOUNT_INVALID`, with BuildKit's wording; whatever `expand` throws.
 */
export function resolveMount(mount: RunMount, expand: (value: string) => string): Mount {
  const fields: MountFields = {
    type: 'bind',
    from: '',
    source: '',
    target: '',
    readOnly: false,
    id: '',
    sharing: null,
    required: false,
    env: null,
    mode: null,
    uid: null,
    gid: null,
    sizeLimit: 0,
  };
  let accessGiven = false;
  for (const { key, value, field } of mount.options) {
    const expanded = value === null || key === 'from' ? value : expand(value);
    applyOption(fields, { key, value: expanded, field });
    accessGiven ||= ACCESS_KEYS.has(key);
  }
  if (!accessGiven) fields.readOnly = fields.type !== 'cache' && fields.type !== 'tmpfs';
  checkMount(fields);
  return fields;
}

const ACCESS_KEYS = new Set(['readonly', 'ro', 'readwrite', 'rw']);

interface Option {
  readonly key: string;
  readonly value: string | null;
  readonly field: string;
}

type Setter = (fields: MountFields, value: string, option: Option) => void;

const SETTERS: ReadonlyMap<string, Setter> = new Map<string, Setter>([
  ['type', (fields, value) => void (fields.type = oneOf(value, TYPES, 'unsupported mount type'))],
  ['from', (fields, value) => void (fields.from = value)],
  ['source', (fields, value) => void (fields.source = value)],
  ['src', (fields, value) => void (fields.source = value)],
  ['target', (fields, value) => void (fields.target = value)],
  ['dst', (fields, value) => void (fields.target = value)],
  ['destination', (fields, value) => void (fields.target = value)],
  ['readonly', (fields, value, option) => void (fields.readOnly = booleanOf(value, option))],
  ['ro', (fields, value, option) => void (fields.readOnly = booleanOf(value, option))],
  ['readwrite', (fields, value, option) => void (fields.readOnly = !booleanOf(value, option))],
  ['rw', (fields, value, option) => void (fields.readOnly = !booleanOf(value, option))],
  ['required', setRequired],
  ['size', setSize],
  ['id', (fields, value) => void (fields.id = value)],
  ['sharing', (fields, value) => void (fields.sharing = oneOf(value, SHARINGS, 'unsupported sharing value'))],
  ['mode', (fields, value, option) => void (fields.mode = numberOf(value, 8, option))],
  ['uid', (fields, value, option) => void (fields.uid = numberOf(value, 10, option))],
  ['gid', (fields, value, option) => void (fields.gid = numberOf(value, 10, option))],
  ['env', (fields, value) => void (fields.env = value)],
]);

const BARE_KEYS = new Set([...ACCESS_KEYS, 'required']);

function applyOption(fields: MountFields, option: Option): void {
  const { key, value, field } = option;
  if (value === null && !BARE_KEYS.has(key))
    throw invalid(`invalid field '${field}' must be a key=value pair`);
  const set = SETTERS.get(key);
  if (set === undefined) {
    throw invalid(withSuggestion(`unexpected key '${key}' in '${field}'`, suggest(key, SETTERS.keys())));
  }
  set(fields, value ?? 'true', option);
}

function setRequired(fields: MountFields, value: string, option: Option): void {
  if (fields.type !== 'secret' && fields.type !== 'ssh') throw unexpectedFor(option.key, fields.type);
  fields.required = booleanOf(value, option);
}

function setSize(fields: MountFields, value: string, option: Option): void {
  if (fields.type !== 'tmpfs') throw unexpectedFor(option.key, fields.type);
  const size = parseMemorySize(value);
  if (size === null) throw invalid(`invalid value for ${option.key}: ${value}`);
  fields.sizeLimit = size;
}

function checkMount(fields: Mount): void {
  const { type } = fields;
  if (type === 'bind' || type === 'tmpfs') {
    for (const key of ['mode', 'uid', 'gid'] as const) {
      if (fields[key] !== null) throw invalid(`${key} not allowed for "${type}" type mounts`);
    }
  }
  if (type === 'secret') checkSecret(fields);
  if (type === 'ssh' && fields.source !== '') throw invalid('ssh does not support source');
  if (fields.env !== null && type !== 'secret') throw unexpectedFor('env', type);
  if (fields.sharing !== null && type !== 'cache')
    throw invalid(`invalid cache sharing set for ${type} mount`);
}

function checkSecret(fields: Mount): void {
  if (fields.from !== '') throw invalid('secret mount should not have a from');
  if (fields.sharing !== null) throw invalid('secret mount should not define sharing');
  if (fields.source === '' && fields.target === '' && fields.id === '') {
    throw invalid('invalid secret mount. one of source, target required');
  }
  if (fields.source !== '' && fields.id !== '') throw invalid("both source and id can't be set");
}

function oneOf<Value extends string>(written: string, values: readonly Value[], message: string): Value {
  const lower = written.toLowerCase();
  const found = values.find((value) => value === lower);
  if (found === undefined)
    throw invalid(withSuggestion(`${message} ${quote(written)}`, suggest(written, values)));
  return found;
}

function booleanOf(value: string, { key }: Option): boolean {
  const parsed = parseBoolean(value);
  if (parsed === null) throw invalid(`invalid value for ${key}: ${value}`);
  return parsed;
}

function numberOf(value: string, base: 8 | 10, { key }: Option): number {
  const parsed = parseUnsigned(value, base);
  if (parsed === null) throw invalid(`invalid value ${value} for ${key}`);
  return parsed;
}

function unexpectedFor(key: string, type: MountType): DockerfileError {
  return invalid(`unexpected key '${key}' for mount type '${type}'`);
}

function invalid(message: string): DockerfileError {
  return new DockerfileError(message, { code: 'MOUNT_INVALID' });
}
