// SPDX-License-Identifier: MIT
import { isToolError } from '@img-build/errors';
import { withoutSecrets } from '../remote/shown-url.ts';
import { SourceError } from '../source-error.ts';
import { checkedUrl, isCommit } from './git-address.ts';
import type { GitRepository } from './git-repository.ts';

/** A repository within a repository. */
export interface Submodule {
  /** Where its files go, below the outer one's folder. */
  readonly path: string;
  readonly url: string;
  readonly commit: string;
}

/** Commits of other repositories, by path, as one commit names them. @throws SourceError `SOURCE_TOO_LARGE` */
export async function gitlinksOf(
  { run }: GitRepository,
  object: string,
): Promise<ReadonlyMap<string, string>> {
  const listed = await run(['ls-tree', '-r', '-z', '--full-tree', `${object}^{tree}`]);
  const links = new Map<string, string>();
  for (const entry of listed.split('\0')) {
    const [, commit = '', path] = /^160000 commit (\S+)\t(.+)$/s.exec(entry) ?? [];
    if (path !== undefined && isCommit(commit)) links.set(path, commit);
  }
  return links;
}

/**
 * Tells where the submodules of a commit come from. Of `.gitmodules` only paths and addresses count: no update commands,
 * no branches.
 *
 * @param from - address of the outer repository, which relative addresses start from, and the links of the commit.
 * @throws SourceError `SOURCE_GIT_FAILED`, `SOURCE_IDENTIFIER_INVALID`, `SOURCE_TOO_LARGE`
 */
export async function submodulesOf(
  repository: GitRepository,
  object: string,
  from: { readonly url: string; readonly links: ReadonlyMap<string, string> },
): Promise<readonly Submodule[]> {
  if (from.links.size === 0) return [];
  const modules = await configuredModules(repository, object);
  // A link that .gitmodules does not know stays an empty folder, as with git.
  return [...from.links].flatMap(([path, commit]): Submodule[] => {
    const address = modules.get(path);
    return address === undefined ? [] : [{ path, commit, url: submoduleUrl(address, from.url) }];
  });
}

/** Addresses by path. */
async function configuredModules(
  { run }: GitRepository,
  object: string,
): Promise<ReadonlyMap<string, string>> {
  let listed: string;
  try {
    listed = await run(['config', '--blob', `${object}:.gitmodules`, '--null', '--list']);
  } catch (error) {
    if (isToolError(error, 'SOURCE_GIT_FAILED')) return new Map();
    throw error;
  }
  const modules = new Map<string, { path?: string; url?: string }>();
  for (const entry of listed.split('\0')) {
    const [, name, key, value] = /^submodule\.(.+)\.(path|url)\n(.*)$/s.exec(entry) ?? [];
    if (name === undefined || key === undefined || value === undefined) continue;
    modules.set(name, { ...modules.get(name), [key]: value });
  }
  return new Map(
    [...modules.values()].flatMap(({ path, url }): [string, string][] =>
      path === undefined || url === undefined ? [] : [[path.replace(/\/+$/, ''), url]],
    ),
  );
}

/** An address of `.gitmodules`: one that starts with `./` or `../` goes on from the outer repository's. */
function submoduleUrl(address: string, outer: string): string {
  if (!/^\.\.?\//.test(address)) return checkedUrl(address);
  let base = outer.replace(/\/+$/, '');
  let rest = address;
  for (;;) {
    if (rest.startsWith('./')) rest = rest.slice(2);
    else if (rest.startsWith('../')) {
      rest = rest.slice(3);
      base = parentOf(base, address);
    } else break;
  }
  return checkedUrl(`${base}${base.endsWith(':') ? '' : '/'}${rest}`);
}

/** Up to the host, and not beyond. */
function parentOf(base: string, address: string): string {
  const parent =
    /^([a-z]+:\/\/[^/]+(?:\/.*)?)\/[^/]+$/i.exec(base)?.[1] ??
    /^(?![a-z]+:\/\/)(.+)\/[^/]+$/i.exec(base)?.[1];
  const scp = /^((?![a-z]+:\/\/)[^/:]+:)[^/]+$/i.exec(base)?.[1];
  const found = parent ?? scp;
  if (found !== undefined) return found;
  throw new SourceError(
    `the submodule address ${JSON.stringify(address)} leads out of the server of ${withoutSecrets(base)}`,
    { code: 'SOURCE_IDENTIFIER_INVALID' },
  );
}
