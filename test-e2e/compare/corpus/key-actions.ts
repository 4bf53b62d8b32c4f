// SPDX-License-Identifier: MIT
import { contentDigest, contentRecord, type HashedEntry, selector } from '../key-formulas.ts';
import type { KeySource } from './key-case.ts';

/** Environment of the base image. */
export const ENV: readonly string[] = ['PATH=/usr/local/bin:/bin'];
export const ROOT = selector('/');
export const SHELL = (line: string): string[] => ['/bin/sh', '-c', line];
export const DIGEST_OF_NOTHING = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Members of `meta`, in their order. */
export function meta(
  args: readonly string[],
  more: { env?: readonly string[]; cwd?: string; user?: string } = {},
) {
  const { env = ENV, cwd = '/', user } = more;
  return { args, env, cwd, ...(user === undefined ? {} : { user }), removeMountStubsRecursive: true };
}

export const FROM_CONTEXT = {
  followSymlink: true,
  dirCopyContents: true,
};
export const TO_PLACE = {
  createDestPath: true,
  allowWildcard: true,
  allowEmptyWildcard: true,
  timestamp: -1,
};

/** The action of a COPY without flags. */
export function copy(
  src: string,
  dest: string,
  more: { owner?: object; mode?: number; exclude?: string[] } = {},
) {
  const { owner, mode = -1, exclude } = more;
  return {
    src,
    dest,
    ...(owner === undefined ? {} : { owner }),
    mode,
    ...FROM_CONTEXT,
    ...TO_PLACE,
    ...(exclude === undefined ? {} : { exclude_patterns: exclude }),
  };
}

export const all = (records: readonly string[], select: string): readonly KeySource[] =>
  records.map((record) => [record, select] as const);
export const content = (entry: HashedEntry): string => contentRecord(contentDigest(entry));
export const TREE = {
  'a.txt': 'a\n',
  'b.txt': 'bb\n',
  'dir/one': '1\n',
  'dir/sub/two': '2\n',
  'dir/x.md': 'm\n',
};
