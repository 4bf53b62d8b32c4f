// SPDX-License-Identifier: MIT
import { parseToml } from '../toml/parse-toml.ts';
import type { TomlTable } from '../toml/toml-value.ts';
import { type Fields, fieldsOf } from './settings-file.ts';

/** A place that holds the same repositories as another. */
export interface RegistriesMirror {
  /** Takes the place of the prefix in names. */
  readonly location: string;
  readonly insecure: boolean;
  readonly only: 'digest' | 'tag' | undefined;
}

/** `[[registry]]` */
export interface RegistriesEntry {
  /** The names it is about: `host`, `host/path`, or `*.domain`. */
  readonly prefix: string;
  /** Takes the place of the prefix when reading; empty to leave names as they are. */
  readonly location: string;
  readonly insecure: boolean;
  readonly blocked: boolean;
  readonly mirrors: readonly RegistriesMirror[];
  /** The file it is from. */
  readonly source: string;
}

/** What a `registries.conf`, or one of its drop-in files, says. */
export interface RegistriesConf {
  readonly path: string;
  readonly entries: readonly RegistriesEntry[];
  /** Whether it wants short names to be looked for in several registries or under aliases, which this client does not do. */
  readonly shortNames: boolean;
}

/**
 * Reads a `registries.conf` of version 2.
 *
 * @throws RegistryError `REGISTRY_SETTINGS_INVALID`, also for version 1.
 * @see containers-registries.conf(5)
 */
export function parseRegistriesConf(text: string, path: string): RegistriesConf {
  const root = parseToml(text, path);
  const fields = fieldsOf(root, path);
  if (root.get('registries') !== undefined)
    return fields.fail('it is written in version 1 of the format, which is not read here');
  const entries = fields.tables('registry').map((table) => entryOf(table, path));
  const repeated = entries.find(({ prefix }, at) => entries.findIndex((one) => one.prefix === prefix) !== at);
  if (repeated !== undefined) return fields.fail(`the prefix ${repeated.prefix} is there twice`);
  const shortNames =
    fields.texts('unqualified-search-registries').length > 0 || (fields.table('aliases')?.size ?? 0) > 0;
  return { path, entries, shortNames };
}

function entryOf(table: TomlTable, path: string): RegistriesEntry {
  const fields = fieldsOf(table, path);
  const location = placeAt(fields, 'location');
  const prefix = placeAt(fields, 'prefix') || location;
  if (prefix === '') return fields.fail('a registry has neither prefix nor location');
  if (prefix.includes('*') && !/^\*\.[^*]+$/.test(prefix))
    return fields.fail(`the prefix ${prefix} has its * somewhere else than in front of a domain`);
  if (location === '' && !prefix.startsWith('*.'))
    return fields.fail(`the registry ${prefix} has no location`);
  if (location.includes('*')) return fields.fail(`the location ${location} has a *`);
  const digestOnly = fields.flag('mirror-by-digest-only') === true;
  return {
    prefix,
    location,
    insecure: fields.flag('insecure') === true,
    blocked: fields.flag('blocked') === true,
    mirrors: fields.tables('mirror').map((mirror) => mirrorOf(fieldsOf(mirror, path), digestOnly)),
    source: path,
  };
}

function mirrorOf(fields: Fields, digestOnly: boolean): RegistriesMirror {
  const location = placeAt(fields, 'location');
  if (location === '') return fields.fail('a mirror has no location');
  const from = fields.text('pull-from-mirror') ?? '';
  if (!['', 'all', 'digest-only', 'tag-only'].includes(from))
    return fields.fail(`the mirror ${location} has an unknown pull-from-mirror`);
  if (digestOnly && from !== '')
    return fields.fail(`the mirror ${location} has a pull-from-mirror besides mirror-by-digest-only`);
  return {
    location,
    insecure: fields.flag('insecure') === true,
    only: digestOnly || from === 'digest-only' ? 'digest' : from === 'tag-only' ? 'tag' : undefined,
  };
}

/** A host with or without a path; addresses with a scheme are a frequent mistake. */
function placeAt(fields: Fields, key: string): string {
  const text = (fields.text(key) ?? '').replace(/\/+$/, '');
  if (text.includes('://'))
    return fields.fail(`${key} ${JSON.stringify(text.slice(0, 80))} must not have a scheme`);
  if (/[\s?#@]/.test(text)) return fields.fail(`${key} ${JSON.stringify(text.slice(0, 80))} is no name`);
  return text;
}

/**
 * Joins the main file with its drop-ins: a later entry takes the place of an earlier one with the same prefix.
 *
 * @param files - in the order of their weight, weakest first.
 */
export function mergeEntries(files: readonly RegistriesConf[]): readonly RegistriesEntry[] {
  const byPrefix = new Map<string, RegistriesEntry>();
  for (const { entries } of files) for (const entry of entries) byPrefix.set(entry.prefix, entry);
  return [...byPrefix.values()];
}

/** The entry with the longest prefix that covers a name, and how much of the name it covers. */
export function matchEntry(
  entries: readonly RegistriesEntry[],
  name: string,
): { readonly entry: RegistriesEntry; readonly length: number } | undefined {
  let best: { readonly entry: RegistriesEntry; readonly length: number } | undefined;
  for (const entry of entries) {
    const length = matchedLength(entry.prefix, name);
    if (length !== undefined && (best === undefined || entry.prefix.length > best.entry.prefix.length))
      best = { entry, length };
  }
  return best;
}

/** The name with `location` in the place of its first `length` characters. */
export function rewriteName(name: string, length: number, location: string): string {
  return location === '' ? name : location + name.slice(length);
}

/** A prefix ends where a component of the name ends; a host does not cover the same host with a port. */
function matchedLength(prefix: string, name: string): number | undefined {
  let length = prefix.length;
  if (prefix.startsWith('*.')) {
    const suffix = prefix.slice(1);
    const at = name.indexOf(suffix);
    if (at <= 0 || name.slice(0, at).includes('/')) return undefined;
    length = at + suffix.length;
  } else if (!name.startsWith(prefix)) return undefined;
  return length === name.length || name[length] === '/' ? length : undefined;
}
