// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import { lstat, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError, isToolError } from '@img-build/errors';
import type { AbortOptions, Source, SourceIdentifier } from '@img-build/interfaces';
import { canonicalDigest, digestHex } from '@img-build/oci';
import { SourceError } from '../source-error.ts';
import { bytePath } from '../tree/byte-path.ts';
import { openFileTree } from '../tree/file-tree.ts';
import { requirePath } from '../tree/resolve-path.ts';
import { git } from './git-command.ts';
import { withoutSecrets } from './shown-url.ts';

/** Where repositories are kept. */
export interface GitSourceOptions {
  /** A private folder, kept between builds: commits that are there are not fetched again. */
  readonly folder: string;
  /** What git runs with. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a git identifier names. */
interface GitRequest {
  readonly url: string;
  /** `''` is the default branch. */
  readonly ref: string;
  readonly folder: string;
  readonly keepsGit: boolean;
  readonly checksum: string | undefined;
}

interface Pinned extends GitRequest {
  readonly commit: string;
}

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const REF = /^(?!-)[A-Za-z0-9._/@+-]+$/;

/**
 * Creates the source of `git://` identifiers: the files of one commit, fetched without its history.
 *
 * @throws SourceError `SOURCE_IDENTIFIER_INVALID`, `SOURCE_GIT_FAILED`, `SOURCE_NOT_FOUND`, `SOURCE_CHECKSUM_MISMATCH` on `open`
 */
export function createGitSource(options: GitSourceOptions): Source {
  return {
    schemes: ['git'],
    async open(source, abort = {}) {
      const request = requestOf(source);
      const pinned: Pinned = { ...request, commit: await resolveCommit(request, options, abort) };
      const { commit, checksum, keepsGit, ref, folder } = pinned;
      if (checksum !== undefined && !commit.startsWith(checksum)) {
        throw new SourceError(`expected checksum to match ${checksum}, got ${commit}`, {
          code: 'SOURCE_CHECKSUM_MISMATCH',
        });
      }
      const key = `${commit}${keepsGit ? `.git${ref === '' ? '' : `#${ref}`}` : ''}${folder === '' ? '' : `:${folder}`}`;
      return {
        async cacheKey() {
          return { key, done: true };
        },
        async content(contentAbort = {}) {
          const path = await checkOut(pinned, options, contentAbort);
          return {
            type: 'tree',
            tree: { type: 'host', path, rootOwned: true },
            description: `git snapshot for ${withoutSecrets(request.url)}#${ref}`,
          };
        },
      };
    },
  };
}

function requestOf({ identifier, attrs }: SourceIdentifier): GitRequest {
  const hash = identifier.indexOf('#');
  const body = hash < 0 ? identifier : identifier.slice(0, hash);
  const [ref = '', ...folder] = hash < 0 ? [] : identifier.slice(hash + 1).split(':');
  const url = attrs['git.fullurl'] ?? body;
  if (url.startsWith('-') || (ref !== '' && !REF.test(ref)) || ref.includes('..')) {
    throw new SourceError(`${JSON.stringify(withoutSecrets(identifier))} does not name a git repository`, {
      code: 'SOURCE_IDENTIFIER_INVALID',
    });
  }
  return {
    url,
    ref,
    folder: folder
      .join(':')
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .join('/'),
    keepsGit: attrs['git.keepgitdir'] === 'true',
    checksum: attrs['git.checksum'],
  };
}

async function resolveCommit(
  { url, ref }: GitRequest,
  { env }: GitSourceOptions,
  { signal }: AbortOptions,
): Promise<string> {
  if (COMMIT.test(ref)) return ref;
  const wanted =
    ref === '' ? ['HEAD'] : [ref, `refs/heads/${ref}`, `refs/tags/${ref}`, `refs/tags/${ref}^{}`];
  const listed = await git(['ls-remote', '--', url, ...wanted], { env, signal });
  const commits = new Map(
    listed
      .split('\n')
      .filter((line) => line !== '')
      .map((line): [string, string] => [line.split('\t')[1] ?? '', line.split('\t')[0] ?? '']),
  );
  // An annotated tag's commit is listed behind the tag.
  for (const name of ref === ''
    ? ['HEAD']
    : [ref, `refs/heads/${ref}`, `refs/tags/${ref}^{}`, `refs/tags/${ref}`]) {
    const commit = commits.get(name);
    if (commit !== undefined && COMMIT.test(commit)) return commit;
  }
  throw new SourceError(`repository ${withoutSecrets(url)} has no ref ${ref === '' ? 'HEAD' : ref}`, {
    code: 'SOURCE_NOT_FOUND',
  });
}

async function checkOut(
  pinned: Pinned,
  options: GitSourceOptions,
  { signal }: AbortOptions,
): Promise<string> {
  const { commit, keepsGit, url } = pinned;
  const base = join(options.folder, digestHex(canonicalDigest(url)));
  const place = join(base, 'trees', `${commit}${keepsGit ? '.git' : ''}`);
  if (!(await exists(place))) {
    await placeCommit(base, place, pinned, options, { signal });
  }
  return subfolder(place, pinned);
}

async function placeCommit(
  base: string,
  place: string,
  pinned: Pinned,
  options: GitSourceOptions,
  { signal }: AbortOptions,
): Promise<void> {
  const repository = join(base, 'repository.git');
  await fetchCommit(repository, pinned, options, { signal });
  const temporary = join(base, `${randomUUID()}.tmp`);
  const index = join(base, `${randomUUID()}.index`);
  try {
    await mkdir(temporary, { recursive: true, mode: 0o755 });
    await mkdir(join(base, 'trees'), { recursive: true });
    if (pinned.keepsGit) await clone(repository, temporary, pinned, options, { signal });
    else
      await git([`--work-tree=${temporary}`, 'checkout', '--quiet', '--force', pinned.commit, '--', '.'], {
        repository,
        env: { ...options.env, GIT_INDEX_FILE: index },
        signal,
      });
    await rename(temporary, place).catch((error: unknown) => {
      // Another build was faster with the same commit.
      if (!isSystemError(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
    await rm(index, { force: true });
  }
}

async function fetchCommit(
  repository: string,
  { url, ref, commit }: Pinned,
  { env }: GitSourceOptions,
  { signal }: AbortOptions,
): Promise<void> {
  const run = (...args: string[]): Promise<string> => git(args, { repository, env, signal });
  await mkdir(repository, { recursive: true, mode: 0o700 });
  if (!(await exists(join(repository, 'HEAD'))))
    await git(['init', '--quiet', '--bare', '--', repository], { env, signal });
  const isThere = await run('cat-file', '-e', `${commit}^{tree}`).then(
    () => true,
    (error: unknown) => {
      if (isToolError(error)) return false;
      throw error;
    },
  );
  if (isThere) return;
  try {
    await run('fetch', '--quiet', '--no-tags', '--depth=1', '--', url, commit);
  } catch (error) {
    // Many servers give only what a ref names.
    if (!isToolError(error, 'SOURCE_GIT_FAILED')) throw error;
    if (COMMIT.test(ref))
      await run('fetch', '--quiet', '--tags', '--', url, '+refs/heads/*:refs/remotes/origin/*');
    else await run('fetch', '--quiet', '--no-tags', '--depth=1', '--', url, ref === '' ? 'HEAD' : ref);
    await run('cat-file', '-e', `${commit}^{tree}`);
  }
  // A commit that no ref names could be collected, and cannot be fetched from here.
  await run('update-ref', keptRef(commit), commit);
}

function keptRef(commit: string): string {
  return `refs/kept/${commit}`;
}

async function clone(
  repository: string,
  target: string,
  { url, commit }: Pinned,
  { env }: GitSourceOptions,
  { signal }: AbortOptions,
): Promise<void> {
  const inner = join(target, '.git');
  await git(['init', '--quiet', '--', target], { env, signal });
  await git(['fetch', '--quiet', '--depth=1', '--', repository, keptRef(commit)], {
    repository: inner,
    env,
    signal,
  });
  await git(['remote', 'add', 'origin', withoutSecrets(url)], { repository: inner, env, signal });
  await git([`--work-tree=${target}`, 'checkout', '--quiet', '--force', '--detach', commit], {
    repository: inner,
    env,
    signal,
  });
}

async function subfolder(place: string, { folder, url, ref }: Pinned): Promise<string> {
  if (folder === '') return place;
  const entry = requirePath(openFileTree({ path: place, rootOwned: true }), bytePath(folder), true);
  if (entry.kind !== 'directory') {
    throw new SourceError(`${JSON.stringify(folder)} in ${withoutSecrets(url)}#${ref} is not a folder`, {
      code: 'SOURCE_NOT_FOUND',
    });
  }
  return String(entry.systemPath);
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}
