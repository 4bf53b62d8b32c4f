// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { withoutSecrets } from '../remote/shown-url.ts';
import type { ResolvedRef } from './git-refs.ts';
import { type GitRepository, keptRef } from './git-repository.ts';

/** Puts the files of a commit into a folder, as git records them; nothing of git. */
export async function checkOutFiles(
  repository: GitRepository,
  object: string,
  folder: string,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const index = join(repository.folder, `${randomUUID()}.index`);
  try {
    // The index of its own tells git that nothing is there yet, whoever else uses the repository.
    const env = { GIT_INDEX_FILE: index };
    await repository.run(['read-tree', `${object}^{tree}`], env);
    await repository.run([`--work-tree=${folder}`, 'checkout-index', '--all', '--force', '--quiet'], env);
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}

/** What a clone is made of. */
export interface CloneSource {
  readonly repository: GitRepository;
  readonly resolved: ResolvedRef;
  /** Shown as `origin`. */
  readonly url: string;
}

/**
 * Makes a folder a clone of one commit without history: `HEAD` is detached, and the ref that led there is a ref of the
 * clone.
 *
 * @param folder - where the files go; new.
 * @param inner - where git's own files go, `.git` of the folder by default.
 */
export async function cloneCommit(
  { repository, resolved, url }: CloneSource,
  folder: string,
  inner: string = join(folder, '.git'),
): Promise<void> {
  const { ref, object } = resolved;
  const within = (...args: string[]): Promise<string> =>
    repository.run([`--git-dir=${inner}`, `--work-tree=${folder}`, ...args], LOCAL);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await mkdir(inner, { recursive: true, mode: 0o755 });
  await within('init', '--quiet', ...(repository.sha256 ? ['--object-format=sha256'] : []));
  const target = ref.startsWith('refs/') ? `:${ref}` : '';
  // As from a server: a clone that shares files with ours would show what else is in there.
  await within(
    'fetch',
    '--quiet',
    '--no-tags',
    '--depth=1',
    '--update-head-ok',
    '--no-write-fetch-head',
    '--',
    `file://${repository.folder}`,
    `${keptRef(object)}${target}`,
  );
  await within('checkout', '--quiet', '--force', '--detach', object);
  await within('remote', 'add', 'origin', withoutSecrets(url));
  if (inner !== join(folder, '.git')) await within('config', 'core.worktree', relative(inner, folder));
  await within('reflog', 'expire', '--all', '--expire=now');
}

/** Git may read our own repository as a file; no address of a user can. */
const LOCAL = { GIT_ALLOW_PROTOCOL: 'file' };
