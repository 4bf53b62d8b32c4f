// SPDX-License-Identifier: MIT
import { connectionHost } from './host-settings.ts';

/** What may be asked of a host. `list` are the tags of a repository. @see containerd, docs/hosts.md, "capabilities" */
export type HostCapability = 'pull' | 'resolve' | 'referrers' | 'list' | 'push';

/** What files say about connections to one host; paths of PEM files, not their contents. */
export interface ConnectionFacts {
  /** Speaks this and nothing else. */
  readonly scheme?: 'http' | 'https' | undefined;
  /** Allows https with a certificate nobody vouches for. */
  readonly skipVerify?: boolean | undefined;
  /** Allows http when the host does not speak TLS. */
  readonly allowHttp?: boolean | undefined;
  readonly caFiles?: readonly string[] | undefined;
  /** Certificates that identify us; without `key`, the file holds both. */
  readonly clientFiles?: readonly ClientFiles[] | undefined;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds to establish a connection. */
  readonly connectTimeout?: number | undefined;
}

/** A client certificate and its key. */
export interface ClientFiles {
  readonly cert: string;
  readonly key?: string | undefined;
}

/** One host that may serve a repository. */
export interface HostCandidate {
  /** `host[:port]` to connect to. */
  readonly host: string;
  /** What stands before the repository in addresses: `/v2`, or more for mirrors below a path. */
  readonly root: string;
  /** The repository below `root`. */
  readonly path: string;
  /** The registry a mirror is to act for, said to it as `ns`. */
  readonly namespace?: string | undefined;
  readonly can: ReadonlySet<HostCapability>;
  readonly facts: ConnectionFacts;
  /** The file that names the host; `undefined` for the host of the reference itself. */
  readonly source: string | undefined;
  /** Serves references by tag and by digest unless limited. */
  readonly only?: 'digest' | 'tag' | undefined;
}

/** Everything a registry can be asked. */
export const ALL_CAPABILITIES: ReadonlySet<HostCapability> = new Set([
  'pull',
  'resolve',
  'referrers',
  'list',
  'push',
]);

/** The candidate that is the registry a reference names, without any settings. */
export function plainCandidate(domain: string, path: string): HostCandidate {
  return {
    host: connectionHost(domain),
    root: '/v2',
    path,
    can: ALL_CAPABILITIES,
    facts: {},
    source: undefined,
  };
}
