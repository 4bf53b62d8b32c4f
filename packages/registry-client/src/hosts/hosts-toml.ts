// SPDX-License-Identifier: MIT
import { posix, resolve } from 'node:path';
import { parseToml } from '../toml/parse-toml.ts';
import { isTomlTable, type TomlTable, type TomlValue } from '../toml/toml-value.ts';
import type { ClientFiles, ConnectionFacts, HostCapability } from './host-candidate.ts';
import { type Fields, fieldsOf } from './settings-file.ts';

/** One host of a `hosts.toml`. */
export interface HostsTomlEntry {
  /** `host[:port]`; `undefined` for the registry the folder is about. */
  readonly host: string | undefined;
  readonly root: string;
  /** `undefined` when the file does not say. */
  readonly can: ReadonlySet<HostCapability> | undefined;
  readonly facts: ConnectionFacts;
}

/** What a `hosts.toml` says. */
export interface HostsToml {
  readonly path: string;
  /** Tried in this order before `server`. */
  readonly hosts: readonly HostsTomlEntry[];
  /** The registry itself. */
  readonly server: HostsTomlEntry;
}

const CAPABILITIES: ReadonlySet<string> = new Set(['pull', 'resolve', 'push', 'referrers']);
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Reads a `hosts.toml`. Paths in it are relative to `folder`.
 *
 * @throws RegistryError `REGISTRY_SETTINGS_INVALID` for what cannot be followed as it was meant.
 * @see containerd, docs/hosts.md
 */
export function parseHostsToml(text: string, path: string, folder: string): HostsToml {
  const fields = fieldsOf(parseToml(text, path), path);
  const hosts = [...(fields.table('host') ?? new Map<string, TomlValue>())].map(([url, value]) => {
    if (!isTomlTable(value)) return fields.fail(`host.${url} is not a table`);
    return entryOf(url, value, path, folder);
  });
  const server = fields.text('server') ?? '';
  return { path, hosts, server: entryOf(server, fields, path, folder) };
}

function entryOf(address: string, table: TomlTable | Fields, path: string, folder: string): HostsTomlEntry {
  const fields = table instanceof Map ? fieldsOf(table, path) : (table as Fields);
  const overridden = fields.flag('override_path') === true;
  const url = address === '' ? undefined : urlOf(address, fields);
  return {
    host: url?.host,
    root: rootOf(url, overridden),
    can: capabilitiesOf(fields),
    facts: {
      scheme: url === undefined ? undefined : url.protocol === 'http:' ? 'http' : 'https',
      skipVerify: fields.flag('skip_verify'),
      caFiles: nonEmpty(fields.texts('ca').map((file) => resolve(folder, file))),
      clientFiles: nonEmpty(clientsOf(fields, folder)),
      headers: headersFrom(fields),
      connectTimeout: durationOf(fields),
    },
  };
}

function urlOf(address: string, fields: Fields): URL {
  const text = /^https?:\/\//.test(address) ? address : `https://${address}`;
  if (!URL.canParse(text)) return fields.fail(`${JSON.stringify(address)} is no address`);
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return fields.fail(`the address of ${url.host} holds more than a host and a path`);
  return url;
}

/** The path of the address, with `/v2` after it unless it is to be taken as it is. */
function rootOf(url: URL | undefined, overridden: boolean): string {
  const path =
    url === undefined || url.pathname === '/' ? '' : posix.normalize(url.pathname).replace(/\/+$/, '');
  return overridden || path.endsWith('/v2') ? path : `${path}/v2`;
}

function capabilitiesOf(fields: Fields): ReadonlySet<HostCapability> | undefined {
  if (fields.value('capabilities') === undefined) return undefined;
  const names = fields.texts('capabilities');
  const unknown = names.find((name) => !CAPABILITIES.has(name));
  return unknown === undefined
    ? new Set(names as readonly HostCapability[])
    : fields.fail(`the capability ${JSON.stringify(unknown.slice(0, 40))} is unknown`);
}

/** `"file"`, `["file", …]`, or `[["cert", "key"], …]`. */
function clientsOf(fields: Fields, folder: string): readonly ClientFiles[] {
  const value = fields.value('client');
  const list: readonly TomlValue[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return list.map((one) => {
    if (typeof one === 'string') return { cert: resolve(folder, one) };
    const [cert, key, ...more] = Array.isArray(one) ? (one as readonly TomlValue[]) : [];
    if (typeof cert !== 'string' || (key !== undefined && typeof key !== 'string') || more.length > 0)
      return fields.fail('client is not a file, a list of files, or a list of pairs of files');
    return {
      cert: resolve(folder, cert),
      key: key === undefined || key === '' ? undefined : resolve(folder, key),
    };
  });
}

function headersFrom(fields: Fields): Readonly<Record<string, string>> | undefined {
  const table = fields.table('header');
  if (table === undefined) return undefined;
  const inner = fieldsOf(table, '');
  const pairs = [...table.keys()].map((name) => {
    const value = table.get(name);
    const texts =
      typeof value === 'string' || Array.isArray(value)
        ? inner.texts(name)
        : fields.fail(`header.${name} is not a text`);
    const text = texts.join(', ');
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(text))
      return fields.fail(`header ${JSON.stringify(name.slice(0, 40))} cannot be sent`);
    return [name.toLowerCase(), text] as const;
  });
  return Object.fromEntries(pairs);
}

/** `"1m30s"`, as Go writes durations. */
function durationOf(fields: Fields): number | undefined {
  const text = fields.text('dial_timeout');
  if (text === undefined) return undefined;
  if (!/^(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+$/.test(text))
    return fields.fail('dial_timeout is not a duration like "10s"');
  let milliseconds = 0;
  for (const [, count, unit] of text.matchAll(/([0-9.]+)(ms|s|m|h)/g))
    milliseconds += Number(count) * (UNITS[unit ?? ''] ?? 0);
  return milliseconds;
}

function nonEmpty<Item>(list: readonly Item[]): readonly Item[] | undefined {
  return list.length === 0 ? undefined : list;
}
