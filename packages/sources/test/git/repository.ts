// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { folderWith } from '../folder.ts';

/** A repository with a working folder. */
export interface WorkingRepository {
  readonly folder: string;
  /** Runs git in it and returns what it printed. */
  run(...args: string[]): string;
}

const ENV = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@b',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@b',
  GIT_AUTHOR_DATE: '2020-01-02T03:04:05Z',
  GIT_COMMITTER_DATE: '2020-01-02T03:04:05Z',
};

/** Makes a repository with one commit of these files on the branch `main`. */
export function repositoryWith(
  files: Readonly<Record<string, string>>,
  ...init: readonly string[]
): WorkingRepository {
  const folder = folderWith(files);
  const run = (...args: string[]): string =>
    execFileSync('git', ['-C', folder, '-c', 'protocol.file.allow=always', ...args], {
      encoding: 'utf8',
      env: ENV,
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  run('init', '--quiet', '-b', 'main', ...init);
  run('add', '.');
  run('commit', '--quiet', '--allow-empty', '-m', 'one');
  return { folder, run };
}

/** Adds a submodule by hand: a link to a commit, and what `.gitmodules` says of it. */
export function addSubmodule(outer: WorkingRepository, path: string, url: string, commit: string): void {
  outer.run('config', '-f', '.gitmodules', `submodule.${path}.path`, path);
  outer.run('config', '-f', '.gitmodules', `submodule.${path}.url`, url);
  outer.run('add', '.gitmodules');
  outer.run('update-index', '--add', '--cacheinfo', `160000,${commit},${path}`);
  outer.run('commit', '--quiet', '-m', `add ${path}`);
}
