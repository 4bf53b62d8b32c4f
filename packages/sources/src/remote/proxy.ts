// SPDX-License-Identifier: MIT

/** Environment variables, as a program has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The http proxy for an address, from `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` in either case; a server
 * of this machine needs none.
 *
 * @returns `undefined` when the server is reached directly.
 */
export function proxyFor(url: URL, env: Environment): string | undefined {
  const get = (name: string): string => env[name] ?? env[name.toUpperCase()] ?? '';
  const proxy = get(url.protocol === 'https:' ? 'https_proxy' : 'http_proxy') || get('all_proxy');
  if (proxy === '' || isLoopback(url.hostname)) return undefined;
  return get('no_proxy')
    .split(/[\s,]+/)
    .some((rule) => matches(rule.toLowerCase(), url))
    ? undefined
    : proxy;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}

/** `*`, a host, a domain with or without its dot, each perhaps with a port. */
function matches(rule: string, { hostname, port, protocol }: URL): boolean {
  if (rule === '') return false;
  if (rule === '*') return true;
  const [, name = '', only] = /^(.*?)(?::(\d+))?$/.exec(rule) ?? [];
  if (only !== undefined && only !== (port || (protocol === 'https:' ? '443' : '80'))) return false;
  const domain = name.replace(/^\*?\./, '');
  return hostname === domain || hostname.endsWith(`.${domain}`);
}
