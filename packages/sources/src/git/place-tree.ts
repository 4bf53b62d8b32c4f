// SPDX-License-Identifier: MIT
import { lutimesSync } from 'node:fs';
import { lstat, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { AbortOptions } from '@img-build/interfaces';
import { canonicalDigest, digestHex } from '@img-build/oci';
import { withoutSecrets } from '../remote/shown-url.ts';
import { SourceError } from '../source-error.ts';
import { openFileTree } from '../tree/file-tree.ts';
import { walkTree } from '../tree/walk-tree.ts';
import { type GitRequest, splitLogin } from './git-address.ts';
import { checkOutFiles, cloneCommit } from './git-checkout.ts';
import type { ResolvedRef } from './git-refs.ts';
import { type GitSourceOptions, openGitRemote } from './git-remote.ts';
import { type GitRepository, openGitRepository } from './git-repository.ts';
import { gitlinksOf, type Submodule, submodulesOf } from './git-submodules.ts';

/** A commit and where it goes. */
export interface PlacedCommit {
  readonly request: GitRequest;
  readonly resolved: ResolvedRef;
  readonly repository: GitRepository;
  /** New. */
  readonly folder: string;
  /** Git's own folder of a submodule that keeps one. */
  readonly inner?: string | undefined;
}

/** Repositories within repositories within repositories. */
const MAX_DEPTH = 10;
/** Repositories in one tree; more is no project but an attack. */
const MAX_SUBMODULES = 1000;

/** What the parts of one tree have in common. */
interface Placing {
  readonly options: GitSourceOptions;
  readonly abort: AbortOptions;
  /** Submodules so far. */
  count: number;
}

/**
 * Puts a commit and its submodules into a folder.
 *
 * @throws SourceError `SOURCE_GIT_FAILED`, `SOURCE_NOT_FOUND`, `SOURCE_TOO_LARGE`, `SOURCE_IDENTIFIER_INVALID`
 */
export async function placeTree(
  placed: PlacedCommit,
  options: GitSourceOptions,
  abort: AbortOptions,
): Promise<void> {
  await placeCommit(placed, { options, abort, count: 0 }, 0);
  const { request, resolved, repository, folder } = placed;
  if (request.commitTime) setTimes(folder, await commitTimeOf(repository, resolved.object));
}

/** When a commit was made, in milliseconds since the Unix epoch. */
export async function commitTimeOf({ run }: GitRepository, object: string): Promise<number> {
  const seconds = Number((await run(['show', '--no-patch', '--format=%ct', `${object}^{commit}`])).trim());
  return seconds * 1000;
}

async function placeCommit(placed: PlacedCommit, placing: Placing, depth: number): Promise<void> {
  const { request, resolved, repository, folder, inner } = placed;
  // Before anything is written: a small repository can name more files than a disk holds.
  const links = await gitlinksOf(repository, resolved.object);
  // A part of a repository has no use for git's files, which are about all of it.
  const keepsGit = request.keepsGit && request.folder === '';
  if (keepsGit) await cloneCommit({ repository, resolved, url: request.url }, folder, inner);
  else await checkOutFiles(repository, resolved.object, folder);
  if (request.skipsSubmodules) return;
  const submodules = await submodulesOf(repository, resolved.object, { url: request.url, links });
  placing.count += submodules.length;
  if (placing.count > MAX_SUBMODULES)
    throw tooLarge(request.named, `has more than ${MAX_SUBMODULES} submodules`);
  if (submodules.length > 0 && depth === MAX_DEPTH)
    throw tooLarge(request.named, `has submodules more than ${MAX_DEPTH} deep`);
  const outer = { ...placed, inner: keepsGit ? (inner ?? join(folder, '.git')) : undefined };
  for (const submodule of submodules) await placeSubmodule(submodule, outer, placing, depth + 1);
}

function tooLarge(url: string, what: string): SourceError {
  return new SourceError(`${withoutSecrets(url)} ${what}`, { code: 'SOURCE_TOO_LARGE' });
}

/** @param outer - what the submodule is part of; `inner` is set when git's files are kept. */
async function placeSubmodule(
  { path, url: address, commit }: Submodule,
  outer: PlacedCommit,
  placing: Placing,
  depth: number,
): Promise<void> {
  const { options, abort } = placing;
  const folder = join(outer.folder, path);
  await removePlaceholder(outer.folder, folder);
  const { url, login } = splitLogin(address);
  const request: GitRequest = { ...outer.request, url, login, ref: commit, checksum: undefined };
  const resolved = { ref: commit, object: commit };
  const remote = await openGitRemote(request, options, abort);
  try {
    const repository = await openGitRepository(url, options, { ...abort, sha256: commit.length === 64 });
    await repository.fetch(resolved, remote);
    const inner = outer.inner && join(outer.inner, 'modules', digestHex(canonicalDigest(path)));
    await placeCommit({ request, resolved, repository, folder, inner }, placing, depth);
    if (inner !== undefined)
      await writeFile(join(folder, '.git'), `gitdir: ${relative(folder, inner)}\n`, { flag: 'wx' });
  } finally {
    await remote.close();
  }
}

/** Git leaves an empty folder for a submodule; if anything else is there, or on the way there, it is a trap. */
async function removePlaceholder(root: string, folder: string): Promise<void> {
  for (let at = folder; at !== root; at = dirname(at)) {
    const stats = at.startsWith(`${root}${sep}`) ? await lstat(at) : undefined;
    if (stats?.isDirectory() !== true)
      throw new SourceError(`${relative(root, folder)} is a submodule and something else`, {
        code: 'SOURCE_GIT_FAILED',
      });
  }
  await rmdir(folder);
}

function setTimes(folder: string, time: number): void {
  const at = new Date(time);
  const tree = openFileTree({ path: folder, rootOwned: true });
  for (const { entry } of walkTree(tree, tree.root)) lutimesSync(entry.systemPath, at, at);
  lutimesSync(folder, at, at);
}
