// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AbortOptions, Source, SourceIdentifier } from '@img-build/interfaces';
import { withoutSecrets } from '../remote/shown-url.ts';
import { SourceError } from '../source-error.ts';
import { bytePath } from '../tree/byte-path.ts';
import { openFileTree } from '../tree/file-tree.ts';
import { requirePath } from '../tree/resolve-path.ts';
import { type GitRequest, gitRequestFrom, isCommit } from './git-address.ts';
import { mayBeCommit, type ResolvedRef, resolveRef } from './git-refs.ts';
import { type GitRemote, type GitSourceOptions, openGitRemote } from './git-remote.ts';
import { openGitRepository } from './git-repository.ts';
import { commitTimeOf, placeTree } from './place-tree.ts';
import { createProcessLocks } from './process-locks.ts';

/** Repositories of one build. */
export interface GitSource extends Source {
  /** When the commit was made, in milliseconds since the Unix epoch. */
  commitTime(source: SourceIdentifier, options?: AbortOptions): Promise<number>;
}

/**
 * Creates the source of `git://` identifiers: the files of one commit, fetched without its history. Within one
 * instance, which is for one build, a ref leads to one commit, and a commit is checked out once.
 *
 * @throws SourceError `SOURCE_IDENTIFIER_INVALID`, `SOURCE_GIT_FAILED`, `SOURCE_NOT_FOUND`, `SOURCE_CHECKSUM_MISMATCH`,
 *   `SOURCE_TOO_LARGE`, `SOURCE_REDIRECT_REFUSED`
 */
export function createGitSource(given: GitSourceOptions): GitSource {
  const options: GitSourceOptions = { ...given, locks: given.locks ?? createProcessLocks() };
  const resolved = new Map<string, Promise<ResolvedRef>>();
  const trees = new Map<string, Promise<string>>();

  async function resolveOnce(
    request: GitRequest,
    remote: GitRemote,
    abort: AbortOptions,
  ): Promise<ResolvedRef> {
    const id = JSON.stringify([request.url, request.ref]);
    const known = resolved.get(id) ?? resolveRequest(request, remote, options, abort);
    resolved.set(id, known);
    known.catch(() => resolved.delete(id));
    const found = await known;
    requireChecksum(request, found);
    return found;
  }

  async function withRemote<T>(
    request: GitRequest,
    abort: AbortOptions,
    work: (remote: GitRemote) => Promise<T>,
  ): Promise<T> {
    const remote = await openGitRemote(request, options, abort);
    try {
      return await work(remote);
    } finally {
      await remote.close();
    }
  }

  async function treeOnce(request: GitRequest, found: ResolvedRef, abort: AbortOptions): Promise<string> {
    const id = JSON.stringify([request.url, keyOf(request, found)]);
    const known =
      trees.get(id) ??
      withRemote(request, abort, (remote) => treeFor(request, found, remote, options, abort));
    trees.set(id, known);
    known.catch(() => trees.delete(id));
    return await known;
  }

  return {
    schemes: ['git'],
    async open(source, abort = {}) {
      const request = gitRequestFrom(source);
      const found = await withRemote(request, abort, (remote) => resolveOnce(request, remote, abort));
      return {
        async cacheKey() {
          return { key: keyOf(request, found), done: true };
        },
        async content(contentAbort = {}) {
          const path = await treeOnce(request, found, contentAbort);
          const ref = request.ref === '' ? found.ref : request.ref;
          return {
            type: 'tree',
            tree: { type: 'host', path, rootOwned: true },
            description: `git snapshot for ${withoutSecrets(request.url)}#${ref}`,
          };
        },
      };
    },
    async commitTime(source, abort = {}) {
      const request = gitRequestFrom(source);
      return await withRemote(request, abort, async (remote) => {
        const found = await resolveOnce(request, remote, abort);
        const repository = await openGitRepository(request.url, options, {
          ...abort,
          sha256: isSha256(found),
        });
        await repository.fetch(found, remote);
        return await commitTimeOf(repository, found.object);
      });
    },
  };
}

function isSha256({ object }: ResolvedRef): boolean {
  return object.length === 64;
}

async function resolveRequest(
  request: GitRequest,
  remote: GitRemote,
  options: GitSourceOptions,
  abort: AbortOptions,
): Promise<ResolvedRef> {
  const { ref, url } = request;
  const found = await resolveRef(ref, remote);
  if (found !== undefined) return found;
  if (mayBeCommit(ref)) {
    const repository = await openGitRepository(url, options, { ...abort, sha256: ref.length > 40 });
    const commit = await repository.findCommit(ref, remote);
    if (commit !== undefined) return { ref: commit, object: commit };
  }
  throw new SourceError(`repository ${withoutSecrets(url)} does not contain ref ${ref}`, {
    code: 'SOURCE_NOT_FOUND',
  });
}

function requireChecksum({ checksum }: GitRequest, { object, tagged }: ResolvedRef): void {
  if (checksum === undefined || object.startsWith(checksum) || tagged?.startsWith(checksum) === true) return;
  const got = tagged === undefined ? object : `${object} or ${tagged}`;
  throw new SourceError(`expected checksum to match ${checksum}, got ${got}`, {
    code: 'SOURCE_CHECKSUM_MISMATCH',
  });
}

/** @see BuildKit, source/git, shaToCacheKey */
function keyOf(request: GitRequest, { ref, object, tagged }: ResolvedRef): string {
  const { keepsGit, folder, skipsSubmodules, commitTime } = request;
  // Without git's files a tag is as good as its commit.
  const commit = keepsGit ? object : (tagged ?? object);
  return [
    commit,
    keepsGit ? `.git#${ref}` : '',
    folder === '' ? '' : `:${folder}`,
    skipsSubmodules ? '(skip-submodules)' : '',
    commitTime ? '(mtime=commit)' : '',
  ].join('');
}

async function treeFor(
  request: GitRequest,
  found: ResolvedRef,
  remote: GitRemote,
  options: GitSourceOptions,
  abort: AbortOptions,
): Promise<string> {
  const repository = await openGitRepository(request.url, options, { ...abort, sha256: isSha256(found) });
  await repository.fetch(found, remote);
  // What was pinned by the name of a tag is checked again by what is there now.
  if (isCommit(found.ref)) await repository.run(['cat-file', '-e', `${found.object}^{commit}`]);
  const path = join(options.scratch, randomUUID());
  try {
    await placeTree({ request, resolved: found, repository, folder: path }, options, abort);
    return subfolder(path, request);
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    throw error;
  }
}

function subfolder(path: string, { folder, url, ref }: GitRequest): string {
  if (folder === '') return path;
  const entry = requirePath(openFileTree({ path, rootOwned: true }), bytePath(folder), true);
  if (entry.kind !== 'directory') {
    throw new SourceError(`${JSON.stringify(folder)} in ${withoutSecrets(url)}#${ref} is not a folder`, {
      code: 'SOURCE_NOT_FOUND',
    });
  }
  return String(entry.systemPath);
}
