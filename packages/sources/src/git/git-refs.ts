// SPDX-License-Identifier: MIT
import { withoutSecrets } from '../remote/shown-url.ts';
import { SourceError } from '../source-error.ts';
import { isCommit } from './git-address.ts';
import type { GitRemote } from './git-remote.ts';

/** What a ref led to. */
export interface ResolvedRef {
  /** Full name, or the commit when a commit was asked for. */
  readonly ref: string;
  /** What the ref points to: a commit, or the tag object of an annotated tag. */
  readonly object: string;
  /** The commit behind a tag object, when the server told it. */
  readonly tagged?: string | undefined;
}

/** Enough digits of a commit to be meant as one. */
const SHORT_COMMIT = /^[0-9a-f]{7,63}$/;

/** Tells whether a ref that the server does not know may be the beginning of a commit. */
export function mayBeCommit(ref: string): boolean {
  return SHORT_COMMIT.test(ref);
}

/**
 * Asks the server what a ref points to. Branches win over tags of the same name, as with git checkout.
 *
 * @param ref - branch, tag, full ref or commit; `''` is the default branch.
 * @returns `undefined` when the server has no such ref.
 * @throws SourceError `SOURCE_GIT_FAILED`, `SOURCE_NOT_FOUND` when there is no default branch
 * @see BuildKit, source/git, resolveMetadata
 */
export async function resolveRef(ref: string, remote: GitRemote): Promise<ResolvedRef | undefined> {
  if (isCommit(ref)) return { ref, object: ref };
  const wanted = ref === '' ? await defaultBranch(remote) : ref;
  if (typeof wanted !== 'string') return wanted;
  const refs = await listRefs(remote, [wanted, `${wanted}^{}`]);
  const tag = `refs/tags/${without(wanted, 'refs/tags/')}`;
  for (const name of [`refs/${without(wanted, 'refs/')}`, `refs/heads/${without(wanted, 'refs/heads/')}`]) {
    const object = refs.get(name);
    if (object !== undefined) return { ref: name, object };
  }
  const object = refs.get(tag);
  // An annotated tag's commit is listed behind the tag.
  return object === undefined ? undefined : { ref: tag, object, tagged: refs.get(`${tag}^{}`) };
}

function without(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

/** The default branch's full name; the commit itself where HEAD is detached. */
async function defaultBranch(remote: GitRemote): Promise<string | ResolvedRef> {
  const listed = await remote.ask((url) => ['ls-remote', '--symref', '--', url, 'HEAD']);
  const branch = /^ref: (refs\/heads\/\S+)\tHEAD$/m.exec(listed)?.[1];
  if (branch !== undefined) return branch;
  const head = /^([0-9a-f]{40,64})\tHEAD$/m.exec(listed)?.[1];
  if (head !== undefined && isCommit(head)) return { ref: 'HEAD', object: head };
  throw new SourceError(`could not find the default branch of repository ${withoutSecrets(remote.url)}`, {
    code: 'SOURCE_NOT_FOUND',
    hint: 'either it is empty, or something else than a git repository',
  });
}

async function listRefs(
  remote: GitRemote,
  patterns: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const listed = await remote.ask((url) => ['ls-remote', '--', url, ...patterns]);
  return new Map(
    listed.split('\n').flatMap((line): [string, string][] => {
      const [object = '', name] = line.split('\t');
      return name !== undefined && isCommit(object) ? [[name, object]] : [];
    }),
  );
}
