// SPDX-License-Identifier: MIT
import { BlockList, isIP } from 'node:net';
import { hostReach } from '../http/private-address.ts';

/**
 * The proxy the environment names for an address: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, upper or lower
 * case. Loopback hosts are never proxied. `HTTP_PROXY` in upper case is ignored inside CGI, where a client could set it.
 */
export function proxyFor(
  url: URL,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (hostReach(url.hostname) === 'loopback') return undefined;
  const read = (name: string): string | undefined =>
    environment[name.toLowerCase()] || environment[name] || undefined;
  const http = environment['REQUEST_METHOD'] === undefined ? read('HTTP_PROXY') : environment['http_proxy'];
  const proxy = (url.protocol === 'https:' ? read('HTTPS_PROXY') : http) ?? read('ALL_PROXY');
  if (proxy === undefined || isExempt(url, read('NO_PROXY') ?? '')) return undefined;
  const address = proxy.includes('://') ? proxy : `http://${proxy}`;
  return URL.canParse(address) ? address : undefined;
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
