// SPDX-License-Identifier: MIT
import { RegistryError } from '../registry-error.ts';
import type { Credentials } from './credentials.ts';

/** Docker Hub's key in every file and helper. */
export const HUB_KEY = 'https://index.docker.io/v1/';
const HUB_NAMES: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/** One member of `auths`. @see docker/cli, config.json */
export type AuthEntry = Readonly<Record<string, unknown>>;

/** An entry and the key it is stored under. */
export interface FoundEntry {
  readonly key: string;
  readonly entry: AuthEntry;
}

/** The key a domain is stored under. */
export function serverKey(domain: string): string {
  return HUB_NAMES.has(domain) ? HUB_KEY : domain;
}

/** The domain a user means who writes `https://host/v1/`, `host` or nothing (Docker Hub). */
export function serverDomain(server: string | undefined): string {
  const host = hostOfKey(server?.trim() ?? '');
  return host === '' || HUB_NAMES.has(host) ? 'docker.io' : host;
}

/**
 * Finds the entry for a repository: the longest namespace that contains it, then the host, then a key that is the host
 * in another spelling.
 */
export function findEntry(
  auths: Readonly<Record<string, unknown>>,
  domain: string,
  path: string | undefined,
): FoundEntry | undefined {
  const names = domain === 'docker.io' ? ['docker.io', 'index.docker.io'] : [domain];
  const parts = path?.split('/') ?? [];
  for (let length = parts.length; length > 0; length--) {
    for (const name of names) {
      const found = entryAt(auths, [name, ...parts.slice(0, length)].join('/'));
      if (found !== undefined) return found;
    }
  }
  for (const key of [serverKey(domain), ...names]) {
    const found = entryAt(auths, key);
    if (found !== undefined) return found;
  }
  const other = Object.keys(auths).find((key) => /^https?:\/\//.test(key) && serverDomain(key) === domain);
  return other === undefined ? undefined : entryAt(auths, other);
}

/**
 * Reads an entry; one without any secret is as good as none: helpers leave those behind.
 *
 * @param where - names the file in errors, which never quote the entry.
 * @throws RegistryError `REGISTRY_CREDENTIALS_INVALID`
 */
export function decodeEntry(entry: AuthEntry, where: string): Credentials | undefined {
  const text = (key: string): string => (typeof entry[key] === 'string' ? entry[key] : '');
  const pair =
    text('auth') === ''
      ? { username: text('username'), password: text('password') }
      : decodePair(text('auth'), where);
  if (text('identitytoken') !== '') {
    return {
      type: 'identity-token',
      token: text('identitytoken'),
      ...(pair.username === '' ? {} : { username: pair.username }),
    };
  }
  if (text('registrytoken') !== '') return { type: 'bearer', token: text('registrytoken') };
  return credentialsOf(pair.username, pair.password);
}

/** What a name and a secret mean: the name `<token>`, or none, marks an identity token. */
export function credentialsOf(username: string, secret: string): Credentials | undefined {
  if (secret === '') return undefined;
  return username === '' || username === '<token>'
    ? { type: 'identity-token', token: secret }
    : { type: 'basic', username, password: secret };
}

/** The entry that keeps credentials, as docker writes it. */
export function encodeEntry(credentials: Credentials): AuthEntry {
  switch (credentials.type) {
    case 'basic':
      return { auth: encodePair(credentials.username, credentials.password) };
    case 'identity-token':
      return { auth: encodePair(credentials.username ?? '<token>', ''), identitytoken: credentials.token };
    case 'bearer':
      return { registrytoken: credentials.token };
  }
}

function entryAt(auths: Readonly<Record<string, unknown>>, key: string): FoundEntry | undefined {
  const entry = Object.hasOwn(auths, key) ? auths[key] : undefined;
  return typeof entry === 'object' && entry !== null ? { key, entry: entry as AuthEntry } : undefined;
}

function hostOfKey(key: string): string {
  return key.replace(/^[a-z]+:\/\//i, '').split('/', 1)[0] ?? '';
}

function encodePair(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
}

function decodePair(auth: string, where: string): { readonly username: string; readonly password: string } {
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(auth)) {
    throw new RegistryError(`an auth entry of ${where} is not base64 of name:password`, {
      code: 'REGISTRY_CREDENTIALS_INVALID',
      hint: 'remove the entry and log in again',
    });
  }
  const password = text.slice(colon + 1);
  return { username: text.slice(0, colon), password: password.slice(0, lengthWithoutNuls(password)) };
}

/** Some tools pad the secret with NUL bytes. */
function lengthWithoutNuls(text: string): number {
  let length = text.length;
  while (length > 0 && text[length - 1] === '\0') length--;
  return length;
}
