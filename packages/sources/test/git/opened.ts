// SPDX-License-Identifier: MIT
import { readdirSync } from 'node:fs';
import type { GitSourceOptions } from '../../src/git/git-remote.ts';
import { createGitSource, type GitSource } from '../../src/git/git-source.ts';
import { folderWith } from '../folder.ts';

/** A source of one build, with nothing kept from another. */
export function source(options: Partial<GitSourceOptions> = {}): GitSource {
  return createGitSource({ folder: folderWith({}), scratch: folderWith({}), env: process.env, ...options });
}

/** Opens a repository; `path` is the folder of its files. */
export async function open(
  from: GitSource,
  url: string,
  fragment = '',
  attrs: Readonly<Record<string, string>> = {},
): Promise<{ key: string; path: string; files: readonly string[] }> {
  const instance = await from.open({
    identifier: `git://x/y${fragment}`,
    attrs: { 'git.fullurl': url, ...attrs },
  });
  const { key } = await instance.cacheKey(0);
  const content = await instance.content();
  if (content.type !== 'tree' || content.tree.type !== 'host') throw new Error('not a host tree');
  return { key, path: content.tree.path, files: readdirSync(content.tree.path).sort() };
}
