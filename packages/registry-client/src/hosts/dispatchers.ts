// SPDX-License-Identifier: MIT
import { getCACertificates } from 'node:tls';
import type { Agent, buildConnector, Dispatcher } from 'undici';
import { readCertificates } from './certificate-folder.ts';
import { connectionHost, type HostSettings, type HostTable } from './host-settings.ts';
import { proxyFor } from './proxy.ts';

/** Milliseconds to establish a connection. */
const CONNECT_TIMEOUT = 30_000;
/** Milliseconds a body may stand still. */
const BODY_TIMEOUT = 60_000;
/** Connections per host. */
const CONNECTIONS = 16;
/** Bytes of answer headers; tokens and signed addresses make long ones. */
const MAX_HEADER_BYTES = 64 * 1024;

/** How connections are made. */
export interface DispatcherOptions {
  readonly hosts: HostTable;
  /** Folders with certificates of single hosts, best first. */
  readonly certificateFolders: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string | readonly string[] | undefined;
}

/** Connection pools: one per TLS identity and proxy. */
export interface Dispatchers {
  of(url: URL): Promise<Dispatcher>;
  close(): Promise<void>;
}

/** Makes pools when they are first needed. */
export function createDispatchers(options: DispatcherOptions): Dispatchers {
  const pools = new Map<string, Promise<Dispatcher>>();
  const byHost = new Map(
    Object.entries(options.hosts).map(([domain, settings]) => [connectionHost(domain), settings]),
  );
  let authorities: readonly string[] | undefined;
  const trusted = (): readonly string[] =>
    (authorities ??= options.ca === undefined ? systemAuthorities() : [options.ca].flat());

  const make = async (url: URL, settings: HostSettings, proxy: string | undefined): Promise<Dispatcher> => {
    const connect =
      url.protocol === 'https:' ? await tlsOptions(url, settings, options.certificateFolders, trusted) : {};
    return await createPool(connect, proxy);
  };

  return {
    of(url) {
      const settings = byHost.get(url.host) ?? {};
      const proxy = proxyFor(url, options.environment);
      // A host of its own per pool: certificates and proxies are chosen by host and scheme.
      const key = `${url.origin} ${proxy ?? ''}`;
      const known = pools.get(key);
      if (known !== undefined) return known;
      const pool = make(url, settings, proxy);
      pools.set(key, pool);
      pool.catch(() => pools.delete(key));
      return pool;
    },
    async close() {
      const made = [...pools.values()];
      pools.clear();
      await Promise.all(
        made.map(async (pool) => (await pool).destroy()).map((closing) => closing.catch(() => {})),
      );
    },
  };
}

async function tlsOptions(
  url: URL,
  settings: HostSettings,
  folders: readonly string[],
  trusted: () => readonly string[],
): Promise<buildConnector.BuildOptions> {
  const found = { ...(await readCertificates(url.host, folders)), ...withoutUndefined(settings) };
  return {
    ...(found.insecure === true
      ? { rejectUnauthorized: false }
      : { ca: [...trusted(), ...(found.ca === undefined ? [] : [found.ca])] }),
    ...(found.cert === undefined ? {} : { cert: found.cert, key: found.key }),
  };
}

async function createPool(
  connect: buildConnector.BuildOptions,
  proxy: string | undefined,
): Promise<Dispatcher> {
  const { Agent: AgentClass, ProxyAgent } = await import('../http/undici.ts');
  const common: Agent.Options = {
    // Uploads over HTTP/2 are slower than over several connections.
    allowH2: false,
    connections: CONNECTIONS,
    pipelining: 1,
    maxHeaderSize: MAX_HEADER_BYTES,
    bodyTimeout: BODY_TIMEOUT,
    headersTimeout: BODY_TIMEOUT,
  };
  if (proxy === undefined)
    return new AgentClass({ ...common, connect: { ...connect, timeout: CONNECT_TIMEOUT } });
  return new ProxyAgent({ ...common, uri: proxy, requestTls: { ...connect, timeout: CONNECT_TIMEOUT } });
}

/** Node trusts its own list by default; the machine's owner expects the machine's list to count. */
function systemAuthorities(): readonly string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}

function withoutUndefined(settings: HostSettings): HostSettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
