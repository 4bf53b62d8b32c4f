// SPDX-License-Identifier: MIT
import { homedir } from 'node:os';
import type { AbortOptions } from '@img-build/interfaces';
import { unlessAborted } from '../abortable.ts';
import { encodeEntry, serverDomain, serverKey } from './auth-entry.ts';
import { readCredentialFile, writeCredentialFile } from './credential-file.ts';
import { type HelperOptions, helperErase, helperGet, helperStore } from './credential-helper.ts';
import { dockerConfigPath, type Environment } from './credential-places.ts';
import { type FoundCredentials, helperFor, objectAt, searchCredentials } from './credential-search.ts';
import type { CredentialStore, Credentials } from './credentials.ts';

/** Where to look. */
export interface CredentialStoreOptions {
  /** `process.env` by default. */
  readonly environment?: Environment | undefined;
  /** The user's home folder. */
  readonly home?: string | undefined;
  /** Milliseconds a credential helper may take; 30,000 by default. */
  readonly helperTimeout?: number | undefined;
}

/**
 * The credentials that docker, podman and their relatives use: `DOCKER_AUTH_CONFIG`, `REGISTRY_AUTH_FILE`, docker's
 * `config.json` with its credential helpers, and the containers `auth.json`. The first that knows a repository wins; within
 * a file `credHelpers` come before `credsStore` before `auths`. Answers of helpers are remembered for as long as the store
 * lives; files are read again for each question.
 *
 * `save` and `erase` write docker's `config.json`, keeping everything in it that they do not know.
 */
export function createCredentialStore(options: CredentialStoreOptions = {}): CredentialStore {
  const environment = options.environment ?? process.env;
  const home = options.home ?? homedir();
  const path = dockerConfigPath(environment, home);
  const answers = new Map<string, HelperAnswer>();
  const helperOptions = (signal: AbortSignal | undefined): HelperOptions => ({
    environment,
    timeout: options.helperTimeout,
    signal,
  });

  const ask = async (
    helper: string,
    domain: string,
    signal: AbortSignal | undefined,
  ): Promise<Credentials | undefined> => {
    signal?.throwIfAborted();
    const key = `${helper} ${domain}`;
    const known = answers.get(key) ?? askHelper(helper, serverKey(domain), helperOptions);
    answers.set(key, known);
    const forget = (): void => {
      if (answers.get(key) === known) answers.delete(key);
    };
    known.answer.catch(forget);
    known.waiting++;
    try {
      return await unlessAborted(known.answer, signal);
    } finally {
      known.waiting--;
      if (known.waiting === 0 && signal?.aborted === true) {
        forget();
        known.abort();
      }
    }
  };

  const search = async (
    domain: string,
    repository: string | undefined,
    all: boolean,
    signal: AbortSignal | undefined,
  ): Promise<FoundCredentials> => {
    const asking = async (helper: string, host: string): Promise<Credentials | undefined> =>
      await ask(helper, host, signal);
    return await searchCredentials({ environment, home, ask: asking }, domain, repository, all);
  };

  return {
    async find(domain, repository, { signal }: AbortOptions = {}) {
      return (await search(domain, repository, false, signal)).credentials;
    },

    async explain(domain, repository, { signal }: AbortOptions = {}) {
      return (await search(domain, repository, true, signal)).explanation;
    },

    async save(domain, credentials, { signal }: AbortOptions = {}) {
      const file = (await readCredentialFile(path)) ?? {};
      const helper = helperFor(file, domain);
      const key = serverKey(domain);
      if (helper !== undefined) await helperStore(helper, key, credentials, helperOptions(signal));
      answers.clear();
      // The empty entry tells other tools that there is a login; the secret is with the helper.
      const entry = helper === undefined ? encodeEntry(credentials) : {};
      await writeCredentialFile(path, {
        ...file,
        auths: { ...withoutDomain(objectAt(file, 'auths'), domain), [key]: entry },
      });
      return helper === undefined
        ? { in: 'file', name: path }
        : { in: 'helper', name: `docker-credential-${helper}` };
    },

    async erase(domain, { signal }: AbortOptions = {}) {
      const file = (await readCredentialFile(path)) ?? {};
      const helper = helperFor(file, domain);
      const held = helper !== undefined && (await eraseFrom(helper, domain, helperOptions(signal)));
      answers.clear();
      const auths = objectAt(file, 'auths');
      const rest = withoutDomain(auths, domain);
      const listed = Object.keys(rest).length < Object.keys(auths).length;
      if (listed) await writeCredentialFile(path, { ...file, auths: rest });
      return listed || held;
    },
  };
}

/** A question to a helper that several may wait for. */
interface HelperAnswer {
  readonly answer: Promise<Credentials | undefined>;
  waiting: number;
  /** Ends the helper: nobody waits any more. */
  abort(): void;
}

function askHelper(
  helper: string,
  server: string,
  options: (signal: AbortSignal) => HelperOptions,
): HelperAnswer {
  const controller = new AbortController();
  const answer = helperGet(helper, server, options(controller.signal));
  return { answer, waiting: 0, abort: () => controller.abort() };
}

/** Makes a helper forget a host under every name that tools have called it by; tells whether it knew any. */
async function eraseFrom(helper: string, domain: string, options: HelperOptions): Promise<boolean> {
  let held = false;
  for (const server of new Set([serverKey(domain), domain, `https://${domain}`, `http://${domain}`])) {
    if ((await helperGet(helper, server, options)) === undefined) continue;
    held = true;
    await helperErase(helper, server, options);
  }
  return held;
}

/** Everything but the host's own entry in all its spellings; namespaces below it stay. */
function withoutDomain(
  auths: Readonly<Record<string, unknown>>,
  domain: string,
): Readonly<Record<string, unknown>> {
  const isWholeHost = (key: string): boolean =>
    serverDomain(key) === domain && (/^https?:\/\//.test(key) || !key.includes('/'));
  return Object.fromEntries(Object.entries(auths).filter(([key]) => !isWholeHost(key)));
}
