// SPDX-License-Identifier: MIT
import { findCertificates } from './certificate-folder.ts';
import type { ClientFiles, ConnectionFacts, HostCandidate } from './host-candidate.ts';
import type { HostFiles } from './host-files.ts';
import { canonicalDomain } from './host-plan.ts';
import { connectionHost, type HostSettings, type HostTable, settingsOf } from './host-settings.ts';
import { matchEntry } from './registries-conf.ts';

/** Facts about a host from one source. */
export interface FactLayer {
  /** Path of a file or folder; `undefined` for the options of the client. */
  readonly source: string | undefined;
  readonly facts: ConnectionFacts;
  /** PEM texts, from options. */
  readonly pem?: Pick<HostSettings, 'ca' | 'cert' | 'key'> | undefined;
}

/** A decision and where it is from. */
export interface Chosen<Value> {
  readonly value: Value;
  /** As in {@link FactLayer}; `default` when no source says anything. */
  readonly source: string | undefined;
}

/** How to connect to a host. */
export interface ConnectionChoice {
  /** `either` is https, or http when the host does not speak TLS. */
  readonly scheme: Chosen<'http' | 'https' | 'either'>;
  readonly verify: Chosen<boolean>;
  readonly ca: Chosen<{ readonly files: readonly string[]; readonly pem?: string | undefined }> | undefined;
  readonly client:
    | Chosen<{
        readonly files?: ClientFiles | undefined;
        readonly pem?: Pick<HostSettings, 'cert' | 'key'> | undefined;
      }>
    | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly connectTimeout: number | undefined;
}

/** What stands in for a source when nothing says anything. */
export const BY_DEFAULT = 'default';

/**
 * Collects what is known about connections to a candidate, most important first: the options, the file that named it,
 * BuildKit's file, podman's, folders of certificates.
 */
export async function factLayers(
  candidate: Pick<HostCandidate, 'host' | 'facts' | 'source'> & { readonly path?: string | undefined },
  hosts: HostTable,
  files: HostFiles,
): Promise<readonly FactLayer[]> {
  const name = canonicalDomain(candidate.host);
  const [buildkit, registries, certificates, more] = await Promise.all([
    files.buildkit(),
    files.registries(),
    files.certificates(name),
    name === candidate.host ? [] : files.certificates(candidate.host),
  ]);
  const options = settingsFor(hosts, name);
  const known = buildkit?.registries.get(name);
  const folders = await Promise.all((known?.certificateFolders ?? []).map(findCertificates));
  const match = matchEntry(registries.entries, candidate.path ? `${name}/${candidate.path}` : name);
  const layers: (FactLayer | undefined)[] = [
    options && { source: undefined, facts: factsOf(options), pem: options },
    { source: candidate.source ?? BY_DEFAULT, facts: candidate.facts },
    known && { source: buildkit?.path, facts: known.facts },
    ...folders.map((found) => found && { source: found.folder, facts: found }),
    match?.entry.insecure === true
      ? { source: match.entry.source, facts: { skipVerify: true, allowHttp: true } }
      : undefined,
    ...[...certificates, ...more].map((found) => ({ source: found.folder, facts: found })),
  ];
  return layers.filter((layer) => layer !== undefined);
}

/** Decides every point by the first layer that says anything about it; headers are joined. */
export function chooseConnection(layers: readonly FactLayer[], loopback: boolean): ConnectionChoice {
  const scheme = first(
    layers,
    ({ facts }) => facts.scheme ?? (facts.allowHttp === true ? 'either' : undefined),
  );
  const verify = first(layers, ({ facts }) =>
    facts.skipVerify === undefined ? undefined : !facts.skipVerify,
  );
  return {
    scheme: scheme ?? { value: loopback ? 'either' : 'https', source: BY_DEFAULT },
    verify: verify ?? { value: true, source: BY_DEFAULT },
    ca: first(layers, ({ facts, pem }) => {
      const files = facts.caFiles ?? [];
      return files.length === 0 && pem?.ca === undefined ? undefined : { files, pem: pem?.ca };
    }),
    client: first(layers, ({ facts, pem }) => {
      const [files] = facts.clientFiles ?? [];
      return files === undefined && pem?.cert === undefined ? undefined : { files, pem };
    }),
    headers: Object.assign({}, ...layers.toReversed().map(({ facts }) => facts.headers)) as Record<
      string,
      string
    >,
    connectTimeout: first(layers, ({ facts }) => facts.connectTimeout)?.value,
  };
}

function first<Value>(
  layers: readonly FactLayer[],
  pick: (layer: FactLayer) => Value | undefined,
): Chosen<Value> | undefined {
  for (const layer of layers) {
    const value = pick(layer);
    if (value !== undefined) return { value, source: layer.source };
  }
  return undefined;
}

function settingsFor(hosts: HostTable, name: string): HostSettings | undefined {
  for (const key of [name, connectionHost(name)]) {
    const settings = settingsOf(hosts, key);
    if (Object.keys(settings).length > 0) return settings;
  }
  return undefined;
}

function factsOf({ insecure, plainHttp, headers }: HostSettings): ConnectionFacts {
  return {
    ...(plainHttp === true ? { scheme: 'http' } : {}),
    ...(insecure === true ? { skipVerify: true, allowHttp: true } : {}),
    ...(headers === undefined
      ? {}
      : {
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
          ),
        }),
  };
}
