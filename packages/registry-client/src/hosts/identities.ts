// SPDX-License-Identifier: MIT
import { connectionOf, type Endpoint } from './endpoint.ts';
import type { HostFiles } from './host-files.ts';
import type { HostTable } from './host-settings.ts';
import type { LoadTlsIdentity, TlsIdentity } from './tls-identity.ts';

/** Identities towards hosts that are no registries of their own right: where registries send us. */
export interface Identities {
  /** What this machine's settings say about the host of an address. */
  of(url: URL): Promise<TlsIdentity>;
  /**
   * The identity towards a token server: the registry's own on the same host name; elsewhere that host's, which may be
   * vouched for by the CAs the registry is vouched for by.
   */
  forTokens(registry: Endpoint, url: URL): Promise<TlsIdentity>;
}

/** Creates {@link Identities}. */
export function createIdentities({
  hosts,
  files,
  loadTls,
}: {
  readonly hosts: HostTable;
  readonly files: HostFiles;
  readonly loadTls: LoadTlsIdentity;
}): Identities {
  const joined = new Map<TlsIdentity, Map<TlsIdentity, TlsIdentity>>();
  const of = async (url: URL): Promise<TlsIdentity> =>
    await loadTls(await connectionOf({ host: url.host, facts: {}, source: undefined }, hosts, files));

  return {
    of,
    async forTokens({ tls, base }, url) {
      if (url.hostname === base.hostname) return tls;
      const own = await of(url);
      if (tls.ca.length === 0) return own;
      const known = joined.get(own) ?? new Map<TlsIdentity, TlsIdentity>();
      joined.set(own, known);
      // The same object each time: connections are pooled by it.
      const both = known.get(tls) ?? { ...own, ca: [...own.ca, ...tls.ca] };
      known.set(tls, both);
      return both;
    },
  };
}
