// SPDX-License-Identifier: MIT
import { BlockList, isIP } from 'node:net';
import { hostReach } from '../http/private-address.ts';
import { RegistryError } from '../registry-error.ts';

/** Which proxy is used for an address, and why. */
export interface ProxyChoice {
  /** Address of the proxy; `undefined` to connect directly. It may hold credentials. */
  readonly proxy: string | undefined;
  /** The variable that decided. */
  readonly variable: string | undefined;
  /** Why a proxy that is configured is not used. */
  readonly reason?: 'loopback' | 'exempt' | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy the environment names for an address: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, lower case
 * before upper case. Loopback hosts are never proxied. `HTTP_PROXY` in upper case is ignored inside CGI, where a client
 * could set it.
 *
 * @throws RegistryError `REGISTRY_SETTINGS_INVALID` for a proxy of another kind than http and https.
 */
export function chooseProxy(url: URL, environment: Environment): ProxyChoice {
  const set = (name: string): string | undefined => (environment[name] ? name : undefined);
  const either = (name: string): string | undefined => set(name.toLowerCase()) ?? set(name);
  const own = url.protocol === 'https:' ? either('HTTPS_PROXY') : undefined;
  const http = environment['REQUEST_METHOD'] === undefined ? either('HTTP_PROXY') : set('http_proxy');
  const variable = (url.protocol === 'https:' ? own : http) ?? either('ALL_PROXY');
  if (variable === undefined) return { proxy: undefined, variable };
  if (hostReach(url.hostname) === 'loopback') return { proxy: undefined, variable, reason: 'loopback' };
  const exemptions = either('NO_PROXY');
  if (exemptions !== undefined && isExempt(url, environment[exemptions] ?? ''))
    return { proxy: undefined, variable: exemptions, reason: 'exempt' };
  return { proxy: proxyAddress(environment[variable] ?? '', variable), variable };
}

/** The proxy for an address. @throws RegistryError `REGISTRY_SETTINGS_INVALID` */
export function proxyFor(url: URL, environment: Environment): string | undefined {
  return chooseProxy(url, environment).proxy;
}

/** Tells whether an address is reached through a proxy. @throws RegistryError `REGISTRY_SETTINGS_INVALID` */
export function isProxied(url: URL, environment: Environment): boolean {
  return chooseProxy(url, environment).proxy !== undefined;
}

function proxyAddress(text: string, variable: string): string {
  const address = text.includes('://') ? text : `http://${text}`;
  if (URL.canParse(address) && /^https?:\/\//i.test(address)) return address;
  // The value may hold a password.
  throw new RegistryError(`${variable} names no proxy that speaks http or https`, {
    code: 'REGISTRY_SETTINGS_INVALID',
    hint: `set ${variable} to an address like http://proxy.example:3128, or unset it`,
  });
}

function isExempt(url: URL, exemptions: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return exemptions
    .split(/[\s,]+/)
    .filter((item) => item !== '')
    .some((item) => exempts(item.toLowerCase(), host, port));
}

function exempts(item: string, host: string, port: string): boolean {
  if (item === '*') return true;
  if (item.includes('/')) return inNet(item, host);
  const [, name = item, itemPort] = /^(\[[^\]]*\]|[^:]*):([0-9]+)$/.exec(item) ?? [];
  if (itemPort !== undefined && itemPort !== port) return false;
  const bare = name.replace(/^\[|\]$/g, '').replace(/^\*?\./, '');
  return host === bare || (isIP(host) === 0 && host.endsWith(`.${bare}`));
}

function inNet(item: string, host: string): boolean {
  const [net = '', prefix = ''] = item.split('/');
  const [version, hostVersion] = [isIP(net), isIP(host)];
  if (
    version === 0 ||
    version !== hostVersion ||
    !/^[0-9]{1,3}$/.test(prefix) ||
    Number(prefix) > (version === 4 ? 32 : 128)
  )
    return false;
  const list = new BlockList();
  const family = version === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(net, Number(prefix), family);
  return list.check(host, family);
}
