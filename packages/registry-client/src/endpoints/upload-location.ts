// SPDX-License-Identifier: MIT
import type { Digest } from '@img-build/oci';
import { displayUrl } from '../http/message.ts';
import { mayLeadTo } from '../http/private-address.ts';
import { RegistryError } from '../registry-error.ts';

/** Where a Location header was found. */
export interface LocationContext {
  /** The address that answered, after redirects. */
  readonly answered: URL;
  /** The registry's own address. */
  readonly base: URL;
  readonly allowPrivateAddresses: boolean;
}

/**
 * The address an upload goes on at. Registries behind proxies that do not know their own scheme or port are corrected;
 * query parameters stay as they are, they may be signed.
 *
 * @throws RegistryError `REGISTRY_PROTOCOL` without a usable Location, `REGISTRY_REDIRECT_REFUSED` where it leads to an
 *   unencrypted or private address.
 * @see distribution-spec v1.1.1, "POST then PUT"; RFC 3986 §5
 */
export function uploadLocation(
  location: string | undefined,
  { answered, base, allowPrivateAddresses }: LocationContext,
): URL {
  const { host } = base;
  if (location === undefined || location.trim() === '')
    throw new RegistryError(`${host} accepted an upload without saying where (missing Location)`, {
      code: 'REGISTRY_PROTOCOL',
      host,
    });
  const text = withScheme(location.trim(), base);
  if (!URL.canParse(text, answered.href)) throw unusable(host);
  const url = new URL(text, answered);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw unusable(host);
  if (url.hostname === base.hostname) {
    url.protocol = base.protocol;
    url.port = base.port;
  }
  url.username = '';
  url.password = '';
  if (base.protocol === 'https:' && url.protocol === 'http:')
    throw refused(url, host, 'it would give up encryption');
  if (!allowPrivateAddresses && !mayLeadTo(base, url)) throw refused(url, host, 'the address is private');
  return url;
}

/** The address that finishes an upload: `digest` is appended, what is there stays. */
export function finishLocation(location: URL, digest: Digest): URL {
  const { href } = location;
  const bare = location.hash === '' ? href : href.slice(0, -location.hash.length);
  return new URL(
    `${bare}${location.search === '' ? (bare.endsWith('?') ? '' : '?') : '&'}digest=${encodeURIComponent(digest)}`,
  );
}

/** `host:port/path` without a scheme would otherwise be read as a path or, worse, as a scheme called `host`. */
function withScheme(text: string, base: URL): string {
  if (/^(?:https?:)?\/\//i.test(text) || text.startsWith('/')) return text;
  const first = text.split('/', 1)[0] ?? '';
  return first === base.host || first === base.hostname || /^[^/?#]+:[0-9]+$/.test(first)
    ? `${base.protocol}//${text}`
    : text;
}

function unusable(host: string): RegistryError {
  return new RegistryError(`${host} named a place to upload to that is no web address`, {
    code: 'REGISTRY_PROTOCOL',
    host,
  });
}

function refused(url: URL, host: string, why: string): RegistryError {
  return new RegistryError(`refused to upload to ${displayUrl(url)} as ${host} asked: ${why}`, {
    code: 'REGISTRY_REDIRECT_REFUSED',
    host,
  });
}
