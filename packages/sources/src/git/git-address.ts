// SPDX-License-Identifier: MIT
import type { SourceIdentifier } from '@img-build/interfaces';
import { withoutSecrets } from '../remote/shown-url.ts';
import { SourceError } from '../source-error.ts';

/** What a git identifier asks for. */
export interface GitRequest {
  /** Address for git, without user and password of http. */
  readonly url: string;
  /** The address that the user named: this one, or that of the repository this one is a submodule of. */
  readonly named: string;
  /** `user:password` of an http address; decoded. */
  readonly login: string | undefined;
  /** Branch, tag, full ref, or commit; `''` is the default branch. */
  readonly ref: string;
  /** As written; `''` for the root. */
  readonly folder: string;
  readonly keepsGit: boolean;
  readonly skipsSubmodules: boolean;
  /** Files get the time of the commit. */
  readonly commitTime: boolean;
  /** Beginning of the commit that the ref must lead to, lower case. */
  readonly checksum: string | undefined;
  /** Ids of secrets with an Authorization header and with a token. */
  readonly headerSecret: string | undefined;
  readonly tokenSecret: string | undefined;
  /** Id of the SSH agent to use. */
  readonly agent: string | undefined;
  /** Lines of a known_hosts file that alone count. */
  readonly knownHosts: string | undefined;
}

const FULL_COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** What git allows in the name of a ref, and nothing that could be taken for an option or a pattern. */
const REF = /^(?![-/.])(?!.*(?:\.\.|\/\/|@\{|\.lock(?:\/|$)))[^\0-\x20\x7f~^:?*[\\]+(?<![/.])$/;
const TRANSPORT =
  /^(?:https?|git|ssh):\/\/(?:[^/@\s]+@)?(?:(?!-)[^/@\s:[\]]+|\[[0-9a-f:.]+\])(?::\d+)?(?:\/|$)/i;
const SCP_LIKE = /^[A-Za-z0-9_][\w.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^-\s]/;

/** Tells whether a text is the full name of a commit. */
export function isCommit(text: string): boolean {
  return FULL_COMMIT.test(text);
}

/** Reads a git identifier and its attributes. @throws SourceError `SOURCE_IDENTIFIER_INVALID` */
export function gitRequestFrom({ identifier, attrs }: SourceIdentifier): GitRequest {
  const hash = identifier.indexOf('#');
  const body = (hash < 0 ? identifier : identifier.slice(0, hash)).replace(/^git:\/\//, '');
  const [ref = '', ...folder] = hash < 0 ? [] : identifier.slice(hash + 1).split(':');
  const { url, login } = splitLogin(checkedUrl(attrs['git.fullurl'] ?? body));
  if (ref !== '' && !REF.test(ref))
    throw invalid(`${JSON.stringify(ref)} is not a valid ref of a git repository`);
  const checksum = attrs['git.checksum'];
  if (checksum !== undefined && !/^[0-9a-f]{1,64}$/i.test(checksum))
    throw invalid(`invalid checksum ${JSON.stringify(checksum)} for git: expected hex commit hash`);
  return {
    url,
    named: url,
    login,
    ref: attrs['git.fetchbycommit'] === 'true' && checksum !== undefined ? checksum.toLowerCase() : ref,
    folder: isRoot(folder.join(':')) ? '' : folder.join(':'),
    keepsGit: attrs['git.keepgitdir'] === 'true',
    skipsSubmodules: attrs['git.skipsubmodules'] === 'true',
    commitTime: attrs['git.mtime'] === 'commit',
    checksum: checksum?.toLowerCase(),
    headerSecret: attrs['git.authheadersecret'],
    tokenSecret: attrs['git.authtokensecret'],
    agent: attrs['git.mountsshsock'],
    knownHosts: attrs['git.knownsshhosts'],
  };
}

/** An address that is fetched from another repository: a submodule. @throws SourceError `SOURCE_IDENTIFIER_INVALID` */
export function checkedUrl(url: string): string {
  const full = /^[a-z]+:\/\//i.test(url) || SCP_LIKE.test(url) ? url : `https://${url}`;
  // No other transport: ext:: runs commands, and file:// would read any repository of the host.
  if (/[\0-\x20\x7f]/.test(full) || !(TRANSPORT.test(full) || SCP_LIKE.test(full)) || full.includes('::'))
    throw invalid(`${JSON.stringify(withoutSecrets(url))} is not the address of a git repository`);
  return full;
}

/** User and password of http become a header: arguments of a process can be seen by everybody. */
export function splitLogin(address: string): Pick<GitRequest, 'url' | 'login'> {
  if (!/^https?:/i.test(address) || !URL.canParse(address)) return { url: address, login: undefined };
  const url = new URL(address);
  if (url.username === '' && url.password === '') return { url: address, login: undefined };
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return { url: url.href, login };
}

function isRoot(folder: string): boolean {
  return folder.split('/').every((part) => part === '' || part === '.');
}

function invalid(message: string): SourceError {
  return new SourceError(message, { code: 'SOURCE_IDENTIFIER_INVALID' });
}
