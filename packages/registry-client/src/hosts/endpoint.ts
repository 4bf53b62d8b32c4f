// SPDX-License-Identifier: MIT
import { hostReach } from '../http/private-address.ts';
import { connectionHost, type HostSettings, type HostTable, settingsOf } from './host-settings.ts';
import { speaksTls } from './speaks-tls.ts';

/** Where a registry's API is. */
export interface Endpoint {
  /** The domain of references. */
  readonly domain: string;
  /** Scheme, host and port; the path is `/`. */
  readonly base: URL;
  readonly settings: HostSettings;
}

/** Finds the {@link Endpoint} of a domain. */
export type FindEndpoint = (domain: string, signal?: AbortSignal) => Promise<Endpoint>;

/**
 * Decides between https and http, once per host: http only for loopback hosts that do not speak TLS, and where the
 * settings allow it. Nothing is sent before the decision, so no credential ever travels over the wrong one.
 */
export function createEndpointFinder(hosts: HostTable): FindEndpoint {
  const decided = new Map<string, Promise<Endpoint>>();
  return async (domain, signal) => {
    const known = decided.get(domain);
    if (known !== undefined) return await known;
    const settings = settingsOf(hosts, domain);
    const host = connectionHost(domain);
    const secure = new URL(`https://${host}/`);
    if (settings.plainHttp === true) return { domain, base: new URL(`http://${host}/`), settings };
    if (settings.insecure !== true && hostReach(secure.hostname) !== 'loopback')
      return { domain, base: secure, settings };
    const decision = speaksTls(secure, signal).then((tls) => ({
      domain,
      base: tls ? secure : new URL(`http://${host}/`),
      settings,
    }));
    decided.set(domain, decision);
    decision.catch(() => decided.delete(domain));
    return await decision;
  };
}
