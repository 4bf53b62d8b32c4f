// SPDX-License-Identifier: MIT
import { isToolError } from '@img-build/errors';
import type { AbortOptions, Locks, SecretSource } from '@img-build/interfaces';
import { DEFAULT_STALLED, guardedRequest, type NetworkOptions } from '../remote/guarded-request.ts';
import type { GitAccess } from './git-access.ts';
import { openGitAccess } from './git-access.ts';
import type { GitRequest } from './git-address.ts';
import { git } from './git-command.ts';

/** Where repositories are kept and how servers are reached. */
export interface GitSourceOptions extends NetworkOptions {
  /** A private folder, kept between builds: commits that are there are not fetched again. */
  readonly folder: string;
  /** A private folder for this build's trees; whoever made it removes it. */
  readonly scratch: string;
  /** Asked for tokens, headers and SSH agents. */
  readonly secrets?: SecretSource | undefined;
  /** Keeps two processes from changing one repository at once. */
  readonly locks?: Locks | undefined;
  /** Bytes of one file of git, which is also what all of a commit may have when packed; 8 GiB by default. */
  readonly maxBytes?: number | undefined;
}

/** A server's repository, and what is needed to ask it. */
export interface GitRemote {
  /** Without user and password. */
  readonly url: string;
  /**
   * Runs a git command that talks to the server.
   *
   * @param command - gives the arguments for an address, which is another one after a redirect.
   * @param repository - folder of a repository to work in.
   */
  ask(command: (url: string) => readonly string[], repository?: string): Promise<string>;
  close(): Promise<void>;
}

/** Bytes of one file, when the caller does not say. */
export const DEFAULT_MAX_BYTES: number = 8 * 1024 ** 3;

/** What of a request decides who answers, and whether. */
export interface GitServer
  extends Pick<GitRequest, 'url' | 'login' | 'headerSecret' | 'tokenSecret' | 'agent' | 'knownHosts'> {
  /** Secrets that name no host are for this repository, which the user named, and not for whatever it leads to. */
  readonly named: string;
}

/**
 * Prepares access to a server.
 *
 * @throws SourceError `SOURCE_GIT_FAILED` when a key is asked for that was not given
 */
export async function openGitRemote(
  server: GitServer,
  options: GitSourceOptions,
  { signal }: AbortOptions,
): Promise<GitRemote> {
  const { env = {}, secrets, folder, stalled = DEFAULT_STALLED, maxBytes = DEFAULT_MAX_BYTES } = options;
  const access: GitAccess = await openGitAccess(server, { env, secrets, home: folder, signal });
  let url = server.url;
  const run = (command: readonly string[], repository: string | undefined): Promise<string> =>
    git(command, { repository, env: access.env, stalled, maxBytes, signal });
  return {
    url,
    async ask(command, repository) {
      try {
        return await run(command(url), repository);
      } catch (error) {
        const next = isRedirect(error) ? await redirectTarget(url, options, { signal }) : undefined;
        if (next === undefined) throw error;
        url = next;
        return await run(command(url), repository);
      }
    },
    close: () => access.close(),
  };
}

function isRedirect(error: unknown): boolean {
  return (
    isToolError(error, 'SOURCE_GIT_FAILED') && /returned error: 30[12378]\b|redirect/i.test(error.message)
  );
}

const ADVERTISEMENT = '/info/refs?service=git-upload-pack';

/**
 * Where an http repository has moved to: what stands before the part of the address that git asks for first.
 *
 * @throws SourceError `SOURCE_REDIRECT_REFUSED`
 */
async function redirectTarget(
  url: string,
  network: NetworkOptions,
  { signal }: AbortOptions,
): Promise<string | undefined> {
  const timeout = AbortSignal.timeout(network.stalled ?? DEFAULT_STALLED);
  const stop = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  const { message, url: end } = await guardedRequest(
    new URL(`${url.replace(/\/+$/, '')}${ADVERTISEMENT}`),
    { signal: stop },
    network,
  );
  message.destroy();
  return end.href.endsWith(ADVERTISEMENT) ? end.href.slice(0, -ADVERTISEMENT.length) : undefined;
}
