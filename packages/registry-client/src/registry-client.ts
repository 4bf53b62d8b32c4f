// SPDX-License-Identifier: MIT
import { homedir } from 'node:os';
import type { AbortOptions, BlobPresence, Closable, PushOutcome, RegistryPort } from '@img-build/interfaces';
import { type Descriptor, type Digest, type Platform, parsePlatform, type Reference } from '@img-build/oci';
import type { Dispatcher } from 'undici';
import type { CopyOptions, CopyResult } from './copy/copy-image.ts';
import type { CopyLocation } from './copy/location.ts';
import type { CredentialSource } from './credentials/credentials.ts';
import { fetchBlob } from './endpoints/blob.ts';
import { deleteManifest, deleteTag } from './endpoints/delete.ts';
import type { FetchedManifest } from './endpoints/fetched-manifest.ts';
import { fetchManifest } from './endpoints/manifest.ts';
import { pingRegistry } from './endpoints/ping.ts';
import { pushBlob } from './endpoints/push-blob.ts';
import { pushManifest } from './endpoints/push-manifest.ts';
import { listReferrers, type ReferrersOptions, type Subject } from './endpoints/referrers.ts';
import { resolveReference } from './endpoints/resolve.ts';
import { repositoryReader, resolvePlatform } from './endpoints/resolve-platform.ts';
import { listTags } from './endpoints/tags.ts';
import { blobExists, mountOnly } from './endpoints/upload-session.ts';
import { createDispatchers, onlyDispatcher } from './hosts/dispatchers.ts';
import { createHostFiles, type HostFiles } from './hosts/host-files.ts';
import type { HostTable } from './hosts/host-settings.ts';
import { createIdentities } from './hosts/identities.ts';
import { isProxied } from './hosts/proxy.ts';
import { createRouter } from './hosts/router.ts';
import { NO_PLACES, settingsPlaces } from './hosts/settings-places.ts';
import { createTlsLoader } from './hosts/tls-identity.ts';
import { type RetryOptions, retryPolicy, SYSTEM_TIMING, type Timing } from './http/retry.ts';
import { createSend } from './http/send.ts';
import type { RegistryEvent } from './registry-event.ts';
import { createSession, type Session } from './session.ts';
import type { UploadStore } from './transfer/upload-store.ts';

/** Everything a client can be told; all of it optional. */
export interface RegistryClientOptions {
  /** Where user names, passwords and tokens come from; none by default. */
  readonly credentials?: CredentialSource | undefined;
  /** What differs for single hosts. */
  readonly hosts?: HostTable | undefined;
  readonly tls?: TlsOptions | undefined;
  /** The files of containerd, BuildKit and podman about registries; `false` reads none of them. */
  readonly settingsFiles?: SettingsFilesOptions | false | undefined;
  readonly retry?: RetryOptions | undefined;
  readonly userAgent?: string | undefined;
  /** Lets public registries lead to private addresses (token servers, redirects, uploads); off by default. */
  readonly allowPrivateAddresses?: boolean | undefined;
  /** Told what happens on the wire; must not block and must not throw. */
  readonly onEvent?: ((event: RegistryEvent) => void) | undefined;
  /** Proxies are read from it; `process.env` by default. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Blobs sent to one host at once, and blobs received from it at once; 6 by default. */
  readonly parallel?: number | undefined;
  /** Remembers uploads, so that one whose process died is taken up where the registry still has its beginning. */
  readonly uploads?: UploadStore | undefined;
  /**
   * Sends everything through this dispatcher of undici, in the place of connections of our own: certificates and proxies
   * are its affair then, and so is closing it.
   */
  readonly dispatcher?: Dispatcher | undefined;
  /** Time and chance; the machine's by default. */
  readonly timing?: Timing | undefined;
}

/** Where the settings files of other tools are looked for. */
export interface SettingsFilesOptions {
  /** The user's home folder. */
  readonly home?: string | undefined;
  /** What stands for `/etc`. */
  readonly etc?: string | undefined;
}

/** Whom to trust. */
export interface TlsOptions {
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string | readonly string[] | undefined;
  /** Folders with a folder per host that holds certificates or a `hosts.toml`; those of docker, podman and containerd by default. */
  readonly certificateFolders?: readonly string[] | undefined;
}

const DEFAULT_PARALLEL = 6;

/** A repository of a registry. */
export type Repository = Pick<Reference, 'domain' | 'path'>;

/** How to resolve a reference. */
export interface ResolveOptions extends AbortOptions {
  /** Follows indexes to the image of this platform, as `linux/arm64`. */
  readonly platform?: Platform | string | undefined;
}

/** A registry port that also lists and that holds connections until it is closed. */
export interface RegistryClient extends RegistryPort, BlobPresence, Closable, AsyncDisposable {
  /**
   * The descriptor a reference points to now, or that of the image for a platform it leads to.
   *
   * @throws RegistryError `REGISTRY_PLATFORM_NOT_FOUND`, whose message lists what there is.
   */
  resolve(reference: Reference, options?: ResolveOptions): Promise<Descriptor>;
  /** A manifest or index, verified, parsed, with its exact bytes; `mediaType` and `kind` tell which it is. */
  manifest(reference: Reference, options?: AbortOptions): Promise<FetchedManifest>;
  /** Deletes a manifest with all of its tags. */
  deleteManifest(repository: Repository, digest: Digest, options?: AbortOptions): Promise<void>;
  /** Deletes a tag. @throws RegistryError `REGISTRY_UNSUPPORTED` where only manifests can be deleted. */
  deleteTag(repository: Repository, tag: string, options?: AbortOptions): Promise<void>;
  /** The tags of a repository. */
  tags(reference: Pick<Reference, 'domain' | 'path'>, options?: AbortOptions): AsyncIterable<string>;
  /** What refers to a manifest: signatures, contents lists … */
  referrers(subject: Subject, options?: ReferrersOptions): AsyncIterable<Descriptor>;
  /**
   * Copies an image between registries, layout folders (`oci:FOLDER:TAG`) and archives (`docker-archive:FILE`).
   *
   * @param from - a location, or its text as {@link parseLocation} reads it.
   */
  copy(from: CopyLocation | string, to: CopyLocation | string, options?: CopyOptions): Promise<CopyResult>;
  /** Checks that a registry answers and accepts the credentials there are. */
  ping(domain: string, options?: AbortOptions): Promise<void>;
}

/**
 * Creates a client for any number of registries. Nothing is loaded or connected before the first request.
 *
 * Every method rejects with a `RegistryError`, or with `signal.reason` when it was aborted.
 */
export function createRegistryClient(options: RegistryClientOptions = {}): RegistryClient {
  const { session, close } = createClientSession(options);
  const pushes = createSingleFlight<PushOutcome>();

  const client: RegistryClient = {
    resolve: async (reference, how = {}) => await resolve(session, reference, how),
    manifest: async (reference, abort) => await fetchManifest(session, reference, abort),
    blob: (reference, descriptor, how) => fetchBlob(session, reference, descriptor, how),
    pushBlob: async (reference, blob, how) =>
      await pushes(
        `${reference.domain}/${reference.path}@${blob.descriptor.digest}`,
        async () => await pushBlob(session, reference, blob, { ...how, uploads: options.uploads }),
      ),
    pushManifest: async (reference, mediaType, bytes, abort) =>
      await pushManifest(session, reference, mediaType, bytes, abort),
    hasBlob: async (reference, descriptor, { signal } = {}) =>
      await blobExists({ session, reference, descriptor, signal }),
    mountBlob: async (reference, descriptor, from, { signal } = {}) =>
      await mountOnly({ session, reference, descriptor, signal }, from),
    deleteManifest: async (repository, digest, abort) =>
      await deleteManifest(session, repository, digest, abort),
    deleteTag: async (repository, tag, abort) => await deleteTag(session, repository, tag, abort),
    tags: (reference, abort) => listTags(session, reference, abort),
    referrers: (subject, how) => listReferrers(session, subject, how),
    ping: async (domain, abort) => await pingRegistry(session, domain, abort),
    close,
    // Most users of a client never copy.
    copy: async (from, to, how) =>
      await (await import('./copy/copy-image.ts')).copyImage(client, from, to, how),
    [Symbol.asyncDispose]: close,
  };
  return client;
}

async function resolve(
  session: Session,
  reference: Reference,
  { platform, signal }: ResolveOptions,
): Promise<Descriptor> {
  const target = await resolveReference(session, reference, { signal });
  if (platform === undefined) return target;
  const wanted = typeof platform === 'string' ? parsePlatform(platform) : platform;
  const reader = repositoryReader(reference, {
    manifest: async (at, options) => await fetchManifest(session, at, options),
    blob: (at, descriptor, options) => fetchBlob(session, at, descriptor, options),
  });
  return await resolvePlatform(reader, reference, target, wanted, { signal });
}

/** The settings files a client reads; nothing is read yet. */
export function hostFilesOf({
  environment,
  settingsFiles,
  tls,
}: Pick<RegistryClientOptions, 'environment' | 'settingsFiles' | 'tls'>): HostFiles {
  const places =
    settingsFiles === false
      ? NO_PLACES
      : settingsPlaces(
          environment ?? process.env,
          settingsFiles?.home ?? homedir(),
          settingsFiles?.etc ?? '/etc',
        );
  return createHostFiles({ ...places, hostFolders: tls?.certificateFolders ?? places.hostFolders });
}

/** The session under a client, with what closes its connections. */
export function createClientSession(options: RegistryClientOptions): {
  readonly session: Session;
  close(): Promise<void>;
} {
  const environment = options.environment ?? process.env;
  const hosts = options.hosts ?? {};
  const files = hostFilesOf(options);
  const loadTls = createTlsLoader();
  const identities = createIdentities({ hosts, files, loadTls });
  const dispatchers =
    options.dispatcher === undefined
      ? createDispatchers({ environment, ca: options.tls?.ca, identityOf: identities.of })
      : onlyDispatcher(options.dispatcher);
  const session = createSession({
    send: createSend(dispatchers),
    identities,
    router: createRouter({ hosts, files, loadTls, isProxied: (url) => isProxied(url, environment) }),
    credentials: options.credentials ?? { find: async () => undefined },
    policy: retryPolicy(options.retry),
    timing: options.timing ?? SYSTEM_TIMING,
    userAgent: options.userAgent ?? 'img-build',
    allowPrivateAddresses: options.allowPrivateAddresses ?? false,
    report: options.onEvent ?? (() => {}),
    parallel: Math.max(1, options.parallel ?? DEFAULT_PARALLEL),
  });
  return { session, close: async () => await dispatchers.close() };
}

/** Runs work of one key one after the other, so that a blob several images share is sent once and then found. */
function createSingleFlight<Value>(): (key: string, work: () => Promise<Value>) => Promise<Value> {
  const flights = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const before = flights.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    flights.set(key, mine);
    try {
      return await mine;
    } finally {
      if (flights.get(key) === mine) flights.delete(key);
    }
  };
}
