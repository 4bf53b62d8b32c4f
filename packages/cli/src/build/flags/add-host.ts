// SPDX-License-Identifier: MIT
import { isIP } from 'node:net';
import { UsageError } from '../../usage-error.ts';

/** A line of /etc/hosts. */
export interface ExtraHost {
  readonly host: string;
  readonly ip: string;
}

/** Steps share the network of the machine: its own services listen on loopback. */
const GATEWAY = '127.0.0.1';

/**
 * Reads `HOST:IP` or `HOST=IP`; an IPv6 address may stand in brackets, and `host-gateway` is the machine itself.
 *
 * @throws UsageError
 */
export function parseAddHost(text: string): ExtraHost {
  const [, host = '', given = ''] = /^([^=:]*)[=:](.*)$/.exec(text) ?? [];
  const ip = given === 'host-gateway' ? GATEWAY : given.replace(/^\[(.*)\]$/, '$1');
  if (host === '' || given === '')
    throw new UsageError(`bad format for add-host: ${JSON.stringify(text)}`, 'write --add-host HOST:IP');
  if (/\s/.test(host)) throw new UsageError(`invalid host name in add-host: ${JSON.stringify(host)}`);
  if (isIP(ip) === 0)
    throw new UsageError(
      `invalid IP address in add-host: ${JSON.stringify(given)}`,
      'write --add-host HOST:IP',
    );
  return { host, ip };
}
