// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import type { Reference } from '@img-build/oci';
import type { CredentialStore } from '../credentials/credentials.ts';
import { connectionOf } from '../hosts/endpoint.ts';
import type { HostCandidate, HostCapability } from '../hosts/host-candidate.ts';
import { BY_DEFAULT, type ConnectionChoice, type FactLayer, factLayers } from '../hosts/host-connection.ts';
import type { HostFiles } from '../hosts/host-files.ts';
import { canonicalDomain, planHosts } from '../hosts/host-plan.ts';
import type { HostTable } from '../hosts/host-settings.ts';
import { chooseProxy } from '../hosts/proxy.ts';
import { displayUrl } from '../http/message.ts';
import { hostFilesOf, type RegistryClientOptions } from '../registry-client.ts';
import { consideredFiles } from './considered-files.ts';
import type { FileChoice, HostExplanation, HostStep, ProxyExplanation } from './explanation.ts';

/** What decides about hosts: the options of a client, and where its credentials are. */
export interface ExplainOptions
  extends AbortOptions,
    Pick<RegistryClientOptions, 'hosts' | 'tls' | 'settingsFiles' | 'environment'> {
  /** Asked where it would take credentials from; a helper is asked like for a request. */
  readonly credentials?: Pick<CredentialStore, 'explain'> | undefined;
}

const OPTIONS = 'options';

interface Context extends ExplainOptions {
  readonly files: HostFiles;
  readonly table: HostTable;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Tells which hosts a client with the same options would ask for a repository, in which order, how, and why; contacts none
 * of them. Nothing in it is secret: credentials, header values and passwords of proxies are left out.
 *
 * @throws RegistryError `REGISTRY_SETTINGS_INVALID`, `REGISTRY_CREDENTIALS_INVALID` for files that a client could not use.
 */
export async function explainHost(
  { domain, path }: Pick<Reference, 'domain' | 'path'>,
  options: ExplainOptions = {},
): Promise<HostExplanation> {
  const files = hostFilesOf(options);
  const context: Context = {
    ...options,
    files,
    table: options.hosts ?? {},
    env: options.environment ?? process.env,
  };
  const plan = await planHosts(files, domain, path);
  const reads = [
    ...plan.mirrors.map((mirror) => ({ mirror: true, candidate: mirror })),
    { mirror: false, candidate: plan.reads },
  ];
  const { files: registries } = await files.registries();
  return {
    domain,
    path,
    ...(plan.blockedBy === undefined ? {} : { blockedBy: plan.blockedBy }),
    ...(plan.decidedBy === undefined ? {} : { decidedBy: plan.decidedBy }),
    reads: await Promise.all(
      reads.map(async ({ mirror, candidate }) => await stepOf(candidate, mirror, context)),
    ),
    writes: await stepOf(plan.writes, false, context, ['push']),
    considered: await consideredFiles(files, plan),
    notes: registries
      .filter(({ shortNames }) => shortNames)
      .map(
        ({ path: file }) => `short names in ${file} are not followed: a name without a host means Docker Hub`,
      ),
  };
}

async function stepOf(
  candidate: HostCandidate,
  mirror: boolean,
  { table, files, env, credentials, signal }: Context,
  purposes: readonly HostCapability[] = readingPurposes(candidate, mirror),
): Promise<HostStep> {
  const layers = await factLayers(candidate, table, files);
  const choice = await connectionOf(candidate, table, files);
  const domain = canonicalDomain(candidate.host);
  const protocol = choice.scheme.value === 'http' ? 'http' : 'https';
  const url = new URL(`${protocol}://${candidate.host}${candidate.root}/${candidate.path}`);
  const ca = caOf(choice);
  const client = clientOf(choice);
  const explained = await credentials?.explain(domain, candidate.path === '' ? undefined : candidate.path, {
    signal,
  });
  return {
    url: displayUrl(url),
    scheme: choice.scheme.value,
    schemeFrom: nameOf(choice.scheme.source),
    mirror,
    for: purposes,
    ...(candidate.only === undefined ? {} : { only: candidate.only }),
    verifies: choice.verify.value,
    verifiesFrom: nameOf(choice.verify.source),
    ...(ca === undefined ? {} : { ca }),
    ...(client === undefined ? {} : { client }),
    passed: passedOver(layers, choice),
    headers: Object.keys(choice.headers),
    proxy: proxyOf(url, env),
    ...(explained === undefined ? {} : { credentials: explained }),
  };
}

function readingPurposes({ can }: HostCandidate, mirror: boolean): readonly HostCapability[] {
  return mirror
    ? [...can].filter((one) => one !== 'push' && one !== 'list')
    : ['pull', 'resolve', 'referrers', 'list'];
}

function nameOf(source: string | undefined): string {
  return source ?? OPTIONS;
}

function caOf({ ca }: ConnectionChoice): FileChoice | undefined {
  return ca === undefined ? undefined : { files: ca.value.files, from: nameOf(ca.source) };
}

function clientOf({ client }: ConnectionChoice): FileChoice | undefined {
  if (client === undefined) return undefined;
  const { files } = client.value;
  const named = files === undefined ? [] : [files.cert, ...(files.key === undefined ? [] : [files.key])];
  return { files: named, from: nameOf(client.source) };
}

function passedOver(layers: readonly FactLayer[], { ca, client }: ConnectionChoice): HostStep['passed'] {
  return layers.flatMap(({ source, facts }) => {
    if (source === undefined || source === BY_DEFAULT) return [];
    const lost = [];
    if (ca !== undefined && ca.source !== source && (facts.caFiles?.length ?? 0) > 0)
      lost.push({ from: source, what: 'ca' as const, lostTo: nameOf(ca.source) });
    if (client !== undefined && client.source !== source && (facts.clientFiles?.length ?? 0) > 0)
      lost.push({ from: source, what: 'client' as const, lostTo: nameOf(client.source) });
    return lost;
  });
}

function proxyOf(url: URL, env: Context['env']): ProxyExplanation {
  const { proxy, variable, reason } = chooseProxy(url, env);
  return {
    ...(proxy === undefined ? {} : { address: new URL(proxy).origin }),
    ...(variable === undefined ? {} : { variable }),
    ...(reason === undefined ? {} : { reason }),
  };
}
