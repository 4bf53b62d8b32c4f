// SPDX-License-Identifier: MIT
import { displayUrl } from '../http/message.ts';
import { mayLeadTo } from '../http/private-address.ts';
import { RegistryError } from '../registry-error.ts';

/**
 * Checks where a registry wants us to take our credentials.
 *
 * @throws RegistryError `REGISTRY_PROTOCOL` for a realm that is missing or no address, `REGISTRY_REDIRECT_REFUSED` for one
 *   without TLS though the registry has it, or inside a private network though the registry is not.
 */
export function checkRealm(realm: string | undefined, registry: URL, allowPrivateAddresses: boolean): URL {
  const { host } = registry;
  if (realm === undefined || realm === '')
    throw new RegistryError(`${host} asks for a token but does not say where to get it`, {
      code: 'REGISTRY_PROTOCOL',
      host,
    });
  if (!URL.canParse(realm))
    throw new RegistryError(`${host} names a token server that is no web address`, {
      code: 'REGISTRY_PROTOCOL',
      host,
    });
  const url = new URL(realm);
  const known = url.protocol === 'https:' || (url.protocol === 'http:' && registry.protocol === 'http:');
  if (!known) throw refused(url, host, 'it would send credentials without encryption');
  if (url.username !== '' || url.password !== '') throw refused(url, host, 'it holds credentials');
  if (!allowPrivateAddresses && !mayLeadTo(registry, url)) throw refused(url, host, 'the address is private');
  return url;
}

function refused(realm: URL, host: string, why: string): RegistryError {
  return new RegistryError(`refused the token server ${displayUrl(realm)} of ${host}: ${why}`, {
    code: 'REGISTRY_REDIRECT_REFUSED',
    host,
  });
}
