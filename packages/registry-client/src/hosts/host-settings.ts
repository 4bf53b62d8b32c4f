// SPDX-License-Identifier: MIT

/** What is known about one registry host beyond its name. */
export interface HostSettings {
  /** Allows http, and https with a certificate nobody vouches for. */
  readonly insecure?: boolean | undefined;
  /** Speaks http only. */
  readonly plainHttp?: boolean | undefined;
  /** PEM certificates trusted for this host besides the system's. */
  readonly ca?: string | undefined;
  /** PEM certificate chain that identifies this client to the host. */
  readonly cert?: string | undefined;
  /** PEM private key of `cert`. */
  readonly key?: string | undefined;
  /** Sent with every request to this host; never to where it redirects. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Settings per `host[:port]` as written in references; `docker.io` for Docker Hub. */
export type HostTable = Readonly<Record<string, HostSettings>>;

/** Docker Hub answers under another name than the one in references. */
const HUB_HOST = 'registry-1.docker.io';

/** The host to connect to for a reference's domain. */
export function connectionHost(domain: string): string {
  return domain === 'docker.io' || domain === 'index.docker.io' ? HUB_HOST : domain;
}

/** The settings of a domain; none for a host that has none. */
export function settingsOf(table: HostTable, domain: string): HostSettings {
  return Object.hasOwn(table, domain) ? (table[domain] ?? {}) : {};
}
