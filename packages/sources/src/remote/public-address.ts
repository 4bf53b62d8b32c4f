// SPDX-License-Identifier: MIT
import { BlockList, isIP } from 'node:net';

/** Networks that are not the internet: this machine, the link, private use, documentation, multicast, translations. */
const SPECIAL: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];

/**
 * Tells whether an IP address belongs to the public internet, so that a server there may lead on to it.
 *
 * @see IANA IPv4 and IPv6 special-purpose address registries (RFC 6890 and successors)
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  // An IPv4 address in the clothes of IPv6 is matched by the rules of IPv4.
  return family !== 0 && !NETWORKS.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

const NETWORKS: BlockList = specialNetworks();

function specialNetworks(): BlockList {
  const networks = new BlockList();
  for (const [network, prefix] of SPECIAL)
    networks.addSubnet(network, prefix, network.includes(':') ? 'ipv6' : 'ipv4');
  return networks;
}
