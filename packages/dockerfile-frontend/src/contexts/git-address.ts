// SPDX-License-Identifier: MIT
import { type GitOptions, git, type OpOptions, type State } from '@img-build/llb';
import { FrontendError } from '../frontend-error.ts';
import { parseGoBoolean } from '../text/go-boolean.ts';

/** A repository, and what of it, as ADD and contexts name it. */
export interface GitAddress {
  /** For git itself: no fragment, no query. */
  readonly remote: string;
  readonly ref?: string | undefined;
  readonly subdirectory?: string | undefined;
  readonly checksum?: string | undefined;
  readonly keepGitDirectory?: boolean | undefined;
  readonly submodules?: boolean | undefined;
  /** Files get the time of the commit. */
  readonly commitTime?: boolean | undefined;
  readonly fetchByCommit?: boolean | undefined;
}

/** How freely an address is read. */
export interface GitAddressOptions {
  /** `context`: also `github.com/…`, which anywhere else is a local path. `add` is the default. */
  readonly purpose?: 'add' | 'context' | undefined;
  /** It is known to be a repository: an `http(s)://` address need not end in `.git`. */
  readonly known?: boolean | undefined;
}

type Parameters = { -readonly [Name in keyof Omit<GitAddress, 'remote'>]: GitAddress[Name] };

const SCP_LIKE = /^[a-zA-Z0-9_-]+@[a-zA-Z0-9.-]+:/;

/**
 * Reads `git@host:path`, `ssh://…`, `git://…` and `http(s)://….git`, with `#ref[:subdir]` or `?ref=…&subdir=…`.
 *
 * @returns `undefined` for anything else.
 * @throws FrontendError `CONTEXT_INVALID` when the form is right but a parameter is not
 */
export function parseGitAddress(text: string, options: GitAddressOptions = {}): GitAddress | undefined {
  const [beforeFragment, fragment] = splitOnce(text, '#');
  const [written, query] = splitOnce(beforeFragment, '?');
  const remote = remoteOf(written, options);
  if (remote === undefined) return undefined;
  const found: Parameters = {};
  if (fragment !== undefined) readFragment(fragment, found);
  if (query !== undefined) readQuery(new URLSearchParams(query), found);
  if (found.checksum !== undefined && found.ref === undefined) found.ref = found.checksum;
  return { remote, ...found };
}

/** The checkout an address names; `options` win over what the address says. */
export function gitState(
  {
    remote,
    ref,
    subdirectory,
    checksum,
    keepGitDirectory,
    submodules,
    commitTime,
    fetchByCommit,
  }: GitAddress,
  options: OpOptions & Pick<GitOptions, 'checksum' | 'keepGitDirectory'>,
): State {
  return git(remote, {
    ref,
    subdirectory,
    checksum,
    keepGitDirectory,
    skipSubmodules: submodules === false,
    commitTime,
    fetchByCommit,
    ...options,
  });
}

function remoteOf(text: string, { purpose, known }: GitAddressOptions): string | undefined {
  if (purpose === 'context' && text.startsWith('github.com/')) return `https://${text}`;
  const written = text.replace(/^[a-z]+:\/\//i, (scheme) => scheme.toLowerCase());
  if (/^(?:git|ssh):\/\//.test(written) || SCP_LIKE.test(written)) return written;
  if (!/^https?:\/\//.test(written)) return undefined;
  return written.endsWith('.git') || known === true ? written : undefined;
}

function readFragment(fragment: string, found: Parameters): void {
  const [ref, subdirectory] = splitOnce(decoded(fragment), ':');
  if (ref !== '') found.ref = ref;
  if (subdirectory !== undefined && subdirectory !== '') found.subdirectory = subdirectory;
}

function readQuery(query: URLSearchParams, found: Parameters): void {
  for (const name of new Set(query.keys())) {
    const [value = '', ...more] = query.getAll(name);
    if (more.length > 0) throw invalid(`query ${JSON.stringify(name)} has multiple values`);
    if (!Object.hasOwn(READERS, name)) throw invalid(`unexpected query ${JSON.stringify(name)}`);
    if (value === '' && !FLAGS.has(name)) throw invalid(`query ${JSON.stringify(name)} has no value`);
  }
  if (query.has('tag') && query.has('branch')) throw invalid('branch conflicts with tag');
  for (const [name, value] of query) READERS[name]?.(value, found);
}

/** Parameters that stand for `true` without a value. */
const FLAGS: ReadonlySet<string> = new Set(['keep-git-dir', 'submodules', 'fetch-by-commit']);

const READERS: Readonly<Record<string, (value: string, found: Parameters) => void>> = {
  ref: setRef,
  tag: (value, found) => setRef(qualified(value, 'refs/tags/'), found),
  branch: (value, found) => setRef(qualified(value, 'refs/heads/'), found),
  subdir(value, found) {
    if (found.subdirectory !== undefined && found.subdirectory !== value)
      throw conflict('subdir', found.subdirectory, value);
    found.subdirectory = value;
  },
  commit: setChecksum,
  checksum: setChecksum,
  'keep-git-dir': (value, found) => {
    found.keepGitDirectory = flagOf('keep-git-dir', value);
  },
  submodules: (value, found) => {
    found.submodules = flagOf('submodules', value);
  },
  'fetch-by-commit': (value, found) => {
    found.fetchByCommit = flagOf('fetch-by-commit', value);
  },
  mtime(value, found) {
    if (value !== 'checkout' && value !== 'commit')
      throw invalid(`invalid mtime value: ${JSON.stringify(value)}`);
    found.commitTime = value === 'commit';
  },
};

function setRef(value: string, found: Parameters): void {
  if (found.ref !== undefined && found.ref !== value) throw conflict('ref', found.ref, value);
  found.ref = value;
}

function setChecksum(value: string, found: Parameters): void {
  if (found.checksum !== undefined && found.checksum !== value)
    throw conflict('checksum', found.checksum, value);
  found.checksum = value;
}

function qualified(name: string, prefix: string): string {
  return name.startsWith(prefix) ? name : prefix + name;
}

function flagOf(name: string, value: string): boolean {
  if (value === '') return true;
  const flag = parseGoBoolean(value);
  if (flag === undefined) throw invalid(`invalid ${name} value: ${JSON.stringify(value)}`);
  return flag;
}

function conflict(what: string, one: string, other: string): FrontendError {
  return invalid(`${what} conflicts: ${JSON.stringify(one)} vs ${JSON.stringify(other)}`);
}

function invalid(message: string): FrontendError {
  return new FrontendError(`${message} in git address`, { code: 'CONTEXT_INVALID' });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
