// SPDX-License-Identifier: MIT
import type { Agent, buildConnector, Dispatcher } from 'undici';
import { proxyFor } from './proxy.ts';
import type { TlsIdentity } from './tls-identity.ts';

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
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string | readonly string[] | undefined;
  /** The identity towards hosts that a request says nothing about: where a registry redirects to. */
  readonly identityOf: (url: URL) => Promise<TlsIdentity>;
}

/** Connection pools: one per TLS identity, origin and proxy. */
export interface Dispatchers {
  of(url: URL, tls?: TlsIdentity): Promise<Dispatcher>;
  /** The proxy in front of an address, without its credentials. */
  proxyOf(url: URL): string | undefined;
  close(): Promise<void>;
}

/** The caller's dispatcher for every address; it stays open. */
export function onlyDispatcher(dispatcher: Dispatcher): Dispatchers {
  return { of: async () => dispatcher, proxyOf: () => undefined, close: async () => {} };
}

/** Makes pools when they are first needed. */
export function createDispatchers(options: DispatcherOptions): Dispatchers {
  const pools = new Map<TlsIdentity, Map<string, Promise<Dispatcher>>>();
  let authorities: readonly string[] | undefined;
  const trusted = (): readonly string[] =>
    (authorities ??= options.ca === undefined ? systemAuthorities() : [options.ca].flat());

  return {
    proxyOf(url) {
      const proxy = proxyFor(url, options.environment);
      return proxy === undefined ? undefined : new URL(proxy).origin;
    },
    async of(url, given) {
      const tls = given ?? (await options.identityOf(url));
      const proxy = proxyFor(url, options.environment);
      const mine = pools.get(tls) ?? new Map<string, Promise<Dispatcher>>();
      pools.set(tls, mine);
      const key = `${url.origin} ${proxy ?? ''}`;
      const known = mine.get(key);
      if (known !== undefined) return await known;
      const pool = createPool(url, connectOptions(url, tls, trusted), proxy, trusted);
      mine.set(key, pool);
      pool.catch(() => mine.delete(key));
      return await pool;
    },
    async close() {
      const made = [...pools.values()].flatMap((mine) => [...mine.values()]);
      pools.clear();
      await Promise.all(
        made.map(async (pool) => (await pool).destroy()).map((closing) => closing.catch(() => {})),
      );
    },
  };
}

function connectOptions(
  url: URL,
  { verify, ca, client, connectTimeout }: TlsIdentity,
  trusted: () => readonly string[],
): buildConnector.BuildOptions {
  const timeout = connectTimeout ?? CONNECT_TIMEOUT;
  if (url.protocol !== 'https:') return { timeout };
  return {
    timeout,
    ...(verify ? { ca: [...trusted(), ...ca] } : { rejectUnauthorized: false }),
    ...client,
  };
}

async function createPool(
  url: URL,
  connect: buildConnector.BuildOptions,
  proxy: string | undefined,
  trusted: () => readonly string[],
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
  if (proxy === undefined) return new AgentClass({ ...common, connect });
  return new ProxyAgent({
    ...common,
    uri: proxy,
    // A tunnel is for TLS; plain requests name their address to the proxy.
    proxyTunnel: url.protocol === 'https:',
    requestTls: connect,
    ...(proxy.startsWith('https:') ? { proxyTls: { ca: [...trusted()], timeout: CONNECT_TIMEOUT } } : {}),
  });
}

/** Node trusts its own list by default; the machine's owner expects the machine's list to count. */
function systemAuthorities(): readonly string[] {
  // Not imported above: most processes that load this file never speak TLS.
  const { getCACertificates } = process.getBuiltinModule('node:tls');
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}
