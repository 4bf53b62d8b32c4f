// SPDX-License-Identifier: MIT
import type { Reference } from '@img-build/oci';
import { unlessAborted } from '../abortable.ts';
import { hostReach } from '../http/private-address.ts';
import type { HostCandidate, HostCapability } from './host-candidate.ts';
import { type ConnectionChoice, chooseConnection, factLayers } from './host-connection.ts';
import type { HostFiles } from './host-files.ts';
import { canonicalDomain } from './host-plan.ts';
import type { HostTable } from './host-settings.ts';
import { speaksTls } from './speaks-tls.ts';
import type { LoadTlsIdentity, TlsIdentity } from './tls-identity.ts';

/** Where a registry's API is. */
export interface Endpoint {
  /** Whose credentials are used, as in references. */
  readonly domain: string;
  /** Scheme, host and port; the path is `/`. */
  readonly base: URL;
  /** What stands before the repository in addresses; `/v2` unless a mirror is below a path. */
  readonly root: string;
  /** The repository at this host. */
  readonly path: string;
  /** The registry this host is to act for. */
  readonly namespace: string | undefined;
  /** Another host than the registry: what it cannot give, the registry is asked for. */
  readonly mirror: boolean;
  readonly tls: TlsIdentity;
  /** Whether https may lead to http. */
  readonly mayDowngrade: boolean;
  /** Sent with every request to this host; never to where it redirects. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Finds the {@link Endpoint} that a repository is written to at; the path is empty for the registry as a whole. */
export type FindEndpoint = (
  repository: Pick<Reference, 'domain' | 'path'>,
  signal?: AbortSignal,
) => Promise<Endpoint>;

/** What is wanted of a repository. */
export interface Errand {
  readonly reference: Pick<Reference, 'domain' | 'path'>;
  readonly capability: HostCapability;
  /** What the content is named by; blobs count apart, however their image was asked for. */
  readonly by: 'tag' | 'digest' | 'blob';
}

/** Turns candidates into endpoints. */
export type OpenCandidate = (
  candidate: HostCandidate,
  mirror: boolean,
  signal: AbortSignal | undefined,
) => Promise<Endpoint>;

/** What {@link createCandidateOpener} works with. */
export interface OpenerOptions {
  readonly hosts: HostTable;
  readonly files: HostFiles;
  readonly loadTls: LoadTlsIdentity;
  /** Tells whether connections to an address go through a proxy. */
  readonly isProxied: (url: URL) => boolean;
}

/**
 * Decides how to connect to candidates, and between https and http, once per host: http only for loopback hosts that do
 * not speak TLS, and where settings allow it. Nothing is sent before the decision, so no credential ever travels over the
 * wrong one.
 */
export function createCandidateOpener({ hosts, files, loadTls, isProxied }: OpenerOptions): OpenCandidate {
  const probes = new Map<string, Promise<boolean>>();
  const probe = async (url: URL, signal: AbortSignal | undefined): Promise<boolean> => {
    // A proxy would have to be asked for a tunnel first: behind one, http has to be said.
    if (isProxied(url)) return true;
    const known = probes.get(url.host);
    if (known !== undefined) return await unlessAborted(known, signal);
    const made = speaksTls(url);
    probes.set(url.host, made);
    made.catch(() => probes.delete(url.host));
    return await unlessAborted(made, signal);
  };

  return async (candidate, mirror, signal) => {
    const secure = new URL(`https://${candidate.host}/`);
    const choice = await connectionOf(candidate, hosts, files);
    const tls =
      choice.scheme.value === 'https' || (choice.scheme.value === 'either' && (await probe(secure, signal)));
    return {
      domain: canonicalDomain(candidate.host),
      base: tls ? secure : new URL(`http://${candidate.host}/`),
      root: candidate.root,
      path: candidate.path,
      namespace: candidate.namespace,
      mirror,
      tls: await loadTls(choice),
      mayDowngrade: choice.scheme.value !== 'https' && choice.scheme.source !== 'default',
      headers: choice.headers,
    };
  };
}

/** What is decided about the connections to a candidate. */
export async function connectionOf(
  candidate: Pick<HostCandidate, 'host' | 'facts' | 'source'> & { readonly path?: string | undefined },
  hosts: HostTable,
  files: HostFiles,
): Promise<ConnectionChoice> {
  const { hostname } = new URL(`https://${candidate.host}/`);
  return chooseConnection(await factLayers(candidate, hosts, files), hostReach(hostname) === 'loopback');
}
