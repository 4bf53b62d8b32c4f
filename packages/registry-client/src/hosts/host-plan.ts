// SPDX-License-Identifier: MIT
import type { BuildkitToml } from './buildkitd-toml.ts';
import {
  ALL_CAPABILITIES,
  type ConnectionFacts,
  type HostCandidate,
  type HostCapability,
  plainCandidate,
} from './host-candidate.ts';
import type { HostFiles } from './host-files.ts';
import { connectionHost } from './host-settings.ts';
import type { HostsToml, HostsTomlEntry } from './hosts-toml.ts';
import { matchEntry, type RegistriesEntry, rewriteName } from './registries-conf.ts';

/** Which hosts serve a repository. */
export interface HostPlan {
  readonly domain: string;
  readonly path: string;
  /** The file that forbids the repository. */
  readonly blockedBy: string | undefined;
  /** Tried in this order before `reads`. */
  readonly mirrors: readonly HostCandidate[];
  /** The registry, for reading. */
  readonly reads: HostCandidate;
  /** The registry, for writing. */
  readonly writes: HostCandidate;
  /** The file that decided about mirrors; `undefined` when none says anything. */
  readonly decidedBy: string | undefined;
}

/** What mirrors of BuildKit and podman are used for. */
const READING: ReadonlySet<HostCapability> = new Set(['pull', 'resolve']);

type Choice = Pick<HostPlan, 'mirrors' | 'reads' | 'writes' | 'decidedBy'>;

/**
 * Decides which hosts serve a repository. The first of these that says anything about it decides alone: the host's own
 * `hosts.toml`, BuildKit's `buildkitd.toml`, podman's `registries.conf`, the `hosts.toml` for all hosts. What
 * `registries.conf` blocks is blocked in any case.
 *
 * @throws RegistryError `REGISTRY_SETTINGS_INVALID`
 */
export async function planHosts(files: HostFiles, domain: string, path: string): Promise<HostPlan> {
  const name = canonicalDomain(domain);
  const [own, buildkit, registries] = await Promise.all([
    files.hostsToml(name),
    files.buildkit(),
    files.registries(),
  ]);
  const match = matchEntry(registries.entries, path === '' ? name : `${name}/${path}`);
  const choice = fromHostsToml(own, name, path) ??
    fromBuildkit(buildkit, name, path) ??
    fromRegistries(match, name, path) ??
    fromHostsToml(await files.defaultHostsToml(), name, path) ?? {
      mirrors: [],
      reads: plainCandidate(name, path),
      writes: plainCandidate(name, path),
      decidedBy: undefined,
    };
  const blockedBy = match?.entry.blocked === true ? match.entry.source : undefined;
  return { domain, path, blockedBy, ...choice };
}

/** Docker Hub's names are one. */
export function canonicalDomain(domain: string): string {
  return domain === 'index.docker.io' || domain === 'registry-1.docker.io' ? 'docker.io' : domain;
}

function fromHostsToml(file: HostsToml | undefined, domain: string, path: string): Choice | undefined {
  if (file === undefined) return undefined;
  const candidateOf = (entry: HostsTomlEntry): HostCandidate => {
    const host = entry.host ?? connectionHost(domain);
    return {
      host: connectionHost(host),
      root: entry.root,
      path,
      namespace: connectionHost(host) === connectionHost(domain) ? undefined : domain,
      can: entry.can ?? ALL_CAPABILITIES,
      facts: entry.facts,
      source: file.path,
    };
  };
  const server = candidateOf(file.server);
  const hosts = file.hosts.map(candidateOf);
  // Pushes go to the registry itself, with the settings of the entry that names it.
  const itself = hosts.find(({ host, can }) => host === connectionHost(domain) && can.has('push'));
  const writes = itself ?? server;
  // An entry for the registry at the end of the list speaks about the registry: asking it twice would not help.
  const last = hosts.at(-1);
  return last !== undefined && last.host === server.host && last.root === server.root && last.can.has('pull')
    ? { mirrors: hosts.slice(0, -1), reads: last, writes, decidedBy: file.path }
    : { mirrors: hosts, reads: server, writes, decidedBy: file.path };
}

function fromBuildkit(file: BuildkitToml | undefined, domain: string, path: string): Choice | undefined {
  const registry = file?.registries.get(domain);
  if (file === undefined || registry === undefined || registry.mirrors.length === 0) return undefined;
  const mirrors = registry.mirrors.map(({ host, prefix, scheme }): HostCandidate => {
    return {
      host: connectionHost(host),
      root: `/v2${prefix}`,
      path,
      namespace: domain,
      can: READING,
      facts: { scheme },
      source: file.path,
    };
  });
  const plain = plainCandidate(domain, path);
  return { mirrors, reads: plain, writes: plain, decidedBy: file.path };
}

function fromRegistries(
  match: { readonly entry: RegistriesEntry; readonly length: number } | undefined,
  domain: string,
  path: string,
): Choice | undefined {
  if (match === undefined) return undefined;
  const { entry, length } = match;
  const name = path === '' ? domain : `${domain}/${path}`;
  const facts = (insecure: boolean): ConnectionFacts =>
    insecure ? { skipVerify: true, allowHttp: true } : {};
  const candidateOf = (location: string, insecure: boolean): HostCandidate => {
    const renamed = rewriteName(name, length, location);
    const slash = renamed.indexOf('/');
    const host = slash < 0 ? renamed : renamed.slice(0, slash);
    return {
      ...plainCandidate(host, slash < 0 ? '' : renamed.slice(slash + 1)),
      facts: facts(insecure),
      source: entry.source,
    };
  };
  return {
    mirrors: entry.mirrors.map(({ location, insecure, only }) => ({
      ...candidateOf(location, insecure),
      can: READING,
      only,
    })),
    reads: candidateOf(entry.location, entry.insecure),
    // As with podman, the location changes what is read, not where is written.
    writes: { ...plainCandidate(domain, path), facts: facts(entry.insecure), source: entry.source },
    decidedBy: entry.source,
  };
}
