// SPDX-License-Identifier: MIT
import { BlockList, isIP } from 'node:net';

const LOOPBACK = listOf(['127.0.0.0', 8, 'ipv4'], ['::1', 128, 'ipv6']);
const INTERNAL = listOf(
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['::', 128, 'ipv6'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
);
const LINK_LOCAL = listOf(['169.254.0.0', 16, 'ipv4'], ['fe80::', 10, 'ipv6']);

/** How far from the internet a host name written in an address is; names that need a lookup count as `public`. */
export type HostReach = 'loopback' | 'link-local' | 'private' | 'public';

/** Classifies a host as it stands in a URL (`hostname`), without asking DNS. */
export function hostReach(hostname: string): HostReach {
  const name = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost')) return 'loopback';
  const version = isIP(name);
  if (version === 0) return 'public';
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (LOOPBACK.check(name, family)) return 'loopback';
  if (LINK_LOCAL.check(name, family)) return 'link-local';
  return INTERNAL.check(name, family) ? 'private' : 'public';
}

/**
 * Tells whether something `from` said may lead us to `to`: an answer from the internet must not make us talk to the
 * machine itself, its network or its cloud's metadata service.
 */
export function mayLeadTo(from: URL, to: URL): boolean {
  if (from.host === to.host) return true;
  const reach = hostReach(to.hostname);
  if (reach === 'public') return true;
  return reach !== 'link-local' && hostReach(from.hostname) !== 'public';
}

function listOf(...nets: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix, family] of nets) list.addSubnet(net, prefix, family);
  return list;
}
