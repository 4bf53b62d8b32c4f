// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import type { DirectoryContentStore } from '@img-build/content-store';
import type { LockFolder } from '@img-build/host';
import type { Closable, HostCalls, Logger } from '@img-build/interfaces';
import type { Metadata } from '@img-build/metadata';
import { hostPlatform, type Platform } from '@img-build/oci';
import type { CredentialStore, HostTable, RegistryClient } from '@img-build/registry-client';
import type { RemoteWorker } from '@img-build/worker';
import type { CommandIo } from '../command.ts';
import { type BackendChoice, findBackend, knownBackend } from './backend.ts';
import { createLogger } from './logger.ts';
import { openStateFolder } from './state-folder.ts';

/** What the command line decides about the services. */
export interface ServicesOptions {
  readonly state: string;
  readonly backend: BackendChoice;
  readonly debug: boolean;
  readonly io: CommandIo;
  readonly env: NodeJS.ProcessEnv;
}

/** The program's parts, each made when it is first asked for: a command pays for what it uses. */
export interface Services extends Closable {
  readonly platform: Platform;
  readonly logger: Logger;
  readonly env: NodeJS.ProcessEnv;
  /** Absolute path of the state folder, made when missing. */
  state(): string;
  metadata(): Promise<Metadata>;
  content(): Promise<DirectoryContentStore>;
  host(): Promise<HostCalls>;
  locks(): Promise<LockFolder>;
  credentials(): Promise<CredentialStore>;
  /** @param hosts - what differs for single registries; the same object gives the same client. */
  registry(hosts?: HostTable): Promise<RegistryClient>;
  /** The worker; its process starts with the first call to it. */
  worker(): Promise<RemoteWorker>;
  /** Whether {@link Services.backend} answers without starting the worker. */
  knowsBackend(): boolean;
  /** The snapshotter's name; starts the worker when it was never found out. */
  backend(): Promise<string>;
}

const NO_HOSTS: HostTable = {};

/** Wires the packages together. */
export function createServices(options: ServicesOptions): Services {
  const closing: (() => Promise<void>)[] = [];
  const registries = new Map<HostTable, Promise<RegistryClient>>();
  const logger = createLogger(options.io, options.debug);
  let folder: string | undefined;

  function state(): string {
    folder ??= openStateFolder(options.state);
    return folder;
  }

  /** Closed in the reverse order of their making. */
  function closeLater<T extends Closable>(service: T): T {
    closing.push(() => service.close());
    return service;
  }

  const metadata = lazy(async () => {
    const { openMetadata } = await import('@img-build/metadata');
    return closeLater(openMetadata({ path: join(state(), 'state.db') }));
  });
  const host = lazy(async () => (await import('@img-build/host')).createHostCalls());
  const content = lazy(async () => {
    const [{ createDirectoryContentStore }, calls] = await Promise.all([
      import('@img-build/content-store'),
      host(),
    ]);
    return createDirectoryContentStore({ root: join(state(), 'content'), host: calls });
  });
  const locks = lazy(async () => {
    const [{ createLocks }, calls] = await Promise.all([import('@img-build/host'), host()]);
    return createLocks({ directory: join(state(), 'locks'), host: calls, pid: process.pid });
  });
  const credentials = lazy(async () => {
    const { createCredentialStore } = await import('@img-build/registry-client');
    return createCredentialStore({ environment: options.env });
  });
  const worker = lazy(async () => {
    const [{ createRemoteWorker }, { workerCommand, workerEnvironment }] = await Promise.all([
      import('@img-build/worker'),
      import('../worker-command.ts'),
    ]);
    return closeLater(
      createRemoteWorker({
        command: workerCommand({ state: state(), backend: options.backend }),
        env: workerEnvironment(options.env),
        onOutput: (text) => logger.debug(`worker: ${text.trimEnd()}`),
      }),
    );
  });

  return {
    platform: hostPlatform(process.arch),
    logger,
    env: options.env,
    state,
    metadata,
    content,
    host,
    locks,
    credentials,
    worker,
    knowsBackend: () => knownBackend(state(), options.backend) !== undefined,
    backend: lazy(async () => await findBackend(state(), options.backend, worker)),
    registry(hosts = NO_HOSTS) {
      const known = registries.get(hosts);
      if (known !== undefined) return known;
      const made = (async () => {
        const { createRegistryClient, createUploadFolder } = await import('@img-build/registry-client');
        return closeLater(
          createRegistryClient({
            credentials: await credentials(),
            hosts,
            environment: options.env,
            uploads: createUploadFolder(join(state(), 'uploads')),
            onEvent: (event) => logger.debug('registry', { ...event }),
          }),
        );
      })();
      registries.set(hosts, made);
      return made;
    },
    async close() {
      const failures: unknown[] = [];
      for (const close of closing.splice(0).reverse())
        await close().catch((error: unknown) => failures.push(error));
      if (failures.length > 0) throw failures[0];
    },
  };
}

function lazy<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
