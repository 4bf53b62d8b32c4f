// SPDX-License-Identifier: MIT
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError, isToolError } from '@img-build/errors';
import type { AbortOptions } from '@img-build/interfaces';
import { canonicalDigest, digestHex } from '@img-build/oci';
import { withoutSecrets } from '../remote/shown-url.ts';
import { SourceError } from '../source-error.ts';
import { gitEnvironment } from './git-access.ts';
import { isCommit } from './git-address.ts';
import { git } from './git-command.ts';
import type { ResolvedRef } from './git-refs.ts';
import { DEFAULT_MAX_BYTES, type GitRemote, type GitSourceOptions } from './git-remote.ts';

/** A repository of ours with objects of one remote repository. */
export interface GitRepository {
  readonly folder: string;
  /** Objects are named by sha256 and not by sha1. */
  readonly sha256: boolean;
  /** Runs a git command that talks to nobody. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  /**
   * Brings an object and what it needs to be checked out; does nothing when it is there.
   *
   * @throws SourceError `SOURCE_GIT_FAILED`, `SOURCE_NOT_FOUND`, `SOURCE_TOO_LARGE`
   */
  fetch(wanted: ResolvedRef, remote: GitRemote): Promise<void>;
  /** Brings all branches and tags, and finds the commit that begins so. */
  findCommit(start: string, remote: GitRemote): Promise<string | undefined>;
}

/** How a repository is opened. */
export interface OpenRepositoryOptions extends AbortOptions {
  readonly sha256: boolean;
}

/** Opens the repository kept for an address; made when missing. */
export async function openGitRepository(
  url: string,
  options: GitSourceOptions,
  { sha256, signal }: OpenRepositoryOptions,
): Promise<GitRepository> {
  const { env = {}, locks, maxBytes = DEFAULT_MAX_BYTES } = options;
  const id = `${digestHex(canonicalDigest(url))}${sha256 ? '-sha256' : ''}`;
  const folder = join(options.folder, 'repositories', id);
  const plain = gitEnvironment({ env, home: options.folder });

  async function locked<T>(work: () => Promise<T>): Promise<T> {
    const release = await locks?.acquire(`git-${id}`, { signal });
    try {
      return await work();
    } finally {
      release?.();
    }
  }

  const repository: GitRepository = {
    folder,
    sha256,
    run: (args, added = {}) =>
      git(args, { repository: folder, env: { ...plain, ...added }, maxBytes, signal }),
    async fetch(wanted, remote) {
      if (!(await hasTree(repository, wanted.object)))
        await locked(() => fetchObject(repository, wanted, remote));
      // It may have come with something else.
      await repository.run(['update-ref', keptRef(wanted.object), wanted.object]);
    },
    async findCommit(start, remote) {
      await locked(async () => {
        await removeStaleLock(folder);
        const full = await allRefs(folder);
        await remote.ask(full, folder);
      });
      const found = await orFailure(
        repository.run(['rev-parse', '--verify', '--quiet', `${start}^{commit}`]),
      );
      const commit = typeof found === 'string' ? found.trim() : '';
      return isCommit(commit) && commit.startsWith(start) ? commit : undefined;
    },
  };
  await locked(async () => {
    if (await exists(join(folder, 'HEAD'))) return await noteUse(folder, url);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const format = sha256 ? ['--object-format=sha256'] : [];
    await git(['init', '--quiet', '--bare', ...format, '--', folder], { env: plain, maxBytes, signal });
    await noteUse(folder, url);
  });
  return repository;
}

/** Git's own place for saying what a repository is; its time is that of the last use. */
async function noteUse(folder: string, url: string): Promise<void> {
  await writeFile(join(folder, 'description'), `${withoutSecrets(url)}\n`, { mode: 0o600 });
}

async function hasTree({ run }: GitRepository, object: string): Promise<boolean> {
  return typeof (await orFailure(run(['cat-file', '-e', `${object}^{tree}`]))) === 'string';
}

type Command = (url: string) => readonly string[];

const FETCH = ['fetch', '--progress', '--force', '--no-recurse-submodules', '--no-write-fetch-head'];

/** Ways to get an object, the cheapest first: servers differ in what they let a client ask for. */
async function attemptsFor({ ref, object }: ResolvedRef, folder: string): Promise<readonly Command[]> {
  const kept = `:${keptRef(object)}`;
  const byObject: Command = (url) => [...FETCH, '--no-tags', '--depth=1', '--', url, `${object}${kept}`];
  const all = await allRefs(folder);
  if (isCommit(ref)) return [byObject, all];
  const byRef: Command = (url) => [...FETCH, '--no-tags', '--depth=1', '--', url, `${ref}${kept}`];
  return [byObject, byRef, all];
}

/** Everything with its history: for servers of files, and for commits that no ref points to. */
async function allRefs(folder: string): Promise<Command> {
  const unshallow = (await exists(join(folder, 'shallow'))) ? ['--unshallow'] : [];
  const refs = ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/remote-tags/*'];
  return (url) => [...FETCH, '--no-tags', ...unshallow, '--', url, ...refs];
}

/** The ref that keeps an object, and tells servers that it is here. */
export function keptRef(object: string): string {
  return `refs/kept/${object}`;
}

/** What a server says when it could be asked in another way. */
const OTHER_WAY =
  /not our ref|unadvertised object|shallow|--depth|couldn't find remote ref|dumb http|Server does not allow/i;

async function fetchObject(repository: GitRepository, wanted: ResolvedRef, remote: GitRemote): Promise<void> {
  const { folder } = repository;
  await removeStaleLock(folder);
  let reason: SourceError | undefined;
  for (const command of await attemptsFor(wanted, folder)) {
    const outcome = await orFailure(remote.ask(command, folder));
    if (await hasTree(repository, wanted.object)) return;
    if (typeof outcome === 'string') continue;
    if (!OTHER_WAY.test(outcome.message)) throw outcome;
    reason = outcome;
  }
  throw new SourceError(`repository ${withoutSecrets(remote.url)} does not contain ${wanted.object}`, {
    code: 'SOURCE_NOT_FOUND',
    cause: reason,
  });
}

/** What git printed, or how it failed. */
async function orFailure(work: Promise<string>): Promise<string | SourceError> {
  try {
    return await work;
  } catch (error) {
    if (isToolError(error, 'SOURCE_GIT_FAILED')) return error as SourceError;
    throw error;
  }
}

/** A git that was killed leaves it behind; nobody else works here while the lock is held. */
async function removeStaleLock(folder: string): Promise<void> {
  await rm(join(folder, 'shallow.lock'), { force: true });
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}
