// SPDX-License-Identifier: MIT
import { invalid } from './instruction-context.ts';

/** A repository as ADD names it. */
export interface GitReference {
  readonly remote: string;
  readonly ref?: string | undefined;
  readonly subdirectory?: string | undefined;
  readonly keepGitDirectory?: boolean | undefined;
  readonly submodules?: boolean | undefined;
  readonly checksum?: string | undefined;
}

const SCP_LIKE = /^[a-zA-Z0-9_-]+@[a-zA-Z0-9.-]+:/;

/**
 * Reads `git@host:path`, `ssh://…`, `git://…` and `http(s)://….git`, with `#ref[:subdir]` or `?ref=…&subdir=…`.
 *
 * @returns `undefined` for anything else.
 * @throws FrontendError `INSTRUCTION_INVALID` when the form is right but a parameter is not
 */
export function parseGitReference(text: string): GitReference | undefined {
  const [beforeFragment, fragment] = splitOnce(text, '#');
  const [remote, query] = splitOnce(beforeFragment, '?');
  const isGit =
    /^(?:git|ssh):\/\//.test(remote) || SCP_LIKE.test(remote) || /^https?:\/\/.*\.git$/.test(remote);
  if (!isGit) return undefined;
  const parameters = query === undefined ? {} : fromQuery(new URLSearchParams(query));
  if (fragment === undefined) return { remote, ...parameters };
  const [ref, subdirectory] = splitOnce(fragment, ':');
  if (parameters.ref !== undefined && ref !== '' && parameters.ref !== ref)
    throw invalid(`ref conflicts: ${parameters.ref} vs ${ref}`);
  return {
    remote,
    ...parameters,
    ...(ref === '' ? {} : { ref }),
    ...(subdirectory === undefined ? {} : { subdirectory }),
  };
}

function fromQuery(query: URLSearchParams): Partial<GitReference> {
  let found: Partial<GitReference> = {};
  for (const [name, value] of query) {
    found = { ...found, ...parameterOf(name, value, found) };
  }
  return found;
}

function parameterOf(name: string, value: string, found: Partial<GitReference>): Partial<GitReference> {
  switch (name) {
    case 'ref':
      return onlyRef(value, found);
    case 'branch':
      return onlyRef(`refs/heads/${value}`, found);
    case 'tag':
      return onlyRef(`refs/tags/${value}`, found);
    case 'commit':
    case 'checksum':
      return { checksum: value };
    case 'subdir':
      return { subdirectory: value };
    case 'keep-git-dir':
      return { keepGitDirectory: booleanOf(name, value) };
    case 'submodules':
      return { submodules: booleanOf(name, value) };
    default:
      throw invalid(`unexpected query ${JSON.stringify(name)} in git address`);
  }
}

function onlyRef(ref: string, found: Partial<GitReference>): Partial<GitReference> {
  if (found.ref !== undefined && found.ref !== ref) throw invalid(`ref conflicts: ${found.ref} vs ${ref}`);
  return { ref };
}

function booleanOf(name: string, value: string): boolean {
  if (['', '1', 'true'].includes(value)) return true;
  if (['0', 'false'].includes(value)) return false;
  throw invalid(`invalid ${name} value: ${JSON.stringify(value)}`);
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
