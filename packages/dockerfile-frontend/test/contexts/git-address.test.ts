// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { parseGitAddress } from '../../src/contexts/git-address.ts';
import { shownAddress } from '../../src/contexts/shown-address.ts';

describe('git addresses', () => {
  test.each([
    ['git@github.com:o/r.git#main', { remote: 'git@github.com:o/r.git', ref: 'main' }],
    ['ssh://git@h:22/r#:sub', { remote: 'ssh://git@h:22/r', subdirectory: 'sub' }],
    ['git://h/r', { remote: 'git://h/r' }],
    ['HTTPS://H/r.git', { remote: 'https://H/r.git' }],
    ['https://h/r.git#v%201:a/b', { remote: 'https://h/r.git', ref: 'v 1', subdirectory: 'a/b' }],
    ['https://u:p@h/r.git', { remote: 'https://u:p@h/r.git' }],
    [
      'https://h/r.git?branch=b&subdir=d&submodules=false',
      { remote: 'https://h/r.git', ref: 'refs/heads/b', subdirectory: 'd', submodules: false },
    ],
    ['https://h/r.git?tag=refs/tags/v1', { remote: 'https://h/r.git', ref: 'refs/tags/v1' }],
    ['https://h/r.git?ref=a#a', { remote: 'https://h/r.git', ref: 'a' }],
    ['https://h/r.git?commit=abc', { remote: 'https://h/r.git', ref: 'abc', checksum: 'abc' }],
    ['https://h/r.git?ref=v1&checksum=abc', { remote: 'https://h/r.git', ref: 'v1', checksum: 'abc' }],
    ['git://h/r?keep-git-dir', { remote: 'git://h/r', keepGitDirectory: true }],
    [
      'git://h/r?keep-git-dir=0&mtime=commit',
      { remote: 'git://h/r', keepGitDirectory: false, commitTime: true },
    ],
    ['git://h/r?fetch-by-commit=true', { remote: 'git://h/r', fetchByCommit: true }],
  ])('%s', (text, expected) => {
    expect(parseGitAddress(text)).toEqual(expected);
  });

  test.each(['https://h/r', 'https://h/r?x=.git', 'github.com/o/r', './a.git', '../a.git', 'a@b/c:d'])(
    '%s is none',
    (text) => {
      expect(parseGitAddress(text)).toBeUndefined();
    },
  );

  test('without scheme it is one for a context only; without .git where it is known to be one', () => {
    expect(parseGitAddress('github.com/o/r#b', { purpose: 'context' })).toEqual({
      remote: 'https://github.com/o/r',
      ref: 'b',
    });
    expect(parseGitAddress('https://h/r', { known: true })).toEqual({ remote: 'https://h/r' });
  });

  test.each([
    ['https://h/r.git?ref=a&branch=b', 'ref conflicts: "a" vs "refs/heads/b"'],
    ['https://h/r.git?ref=a#b', 'ref conflicts: "b" vs "a"'],
    ['https://h/r.git?subdir=a#b:c', 'subdir conflicts: "c" vs "a"'],
    ['https://h/r.git?tag=a&branch=a', 'branch conflicts with tag'],
    ['https://h/r.git?ref=', 'query "ref" has no value'],
    ['https://h/r.git?ref=a&ref=b', 'query "ref" has multiple values'],
    ['git://h/r?what=1', 'unexpected query "what"'],
    ['git://h/r?__proto__=1', 'unexpected query "__proto__"'],
    ['git://h/r?submodules=maybe', 'invalid submodules value: "maybe"'],
    ['git://h/r?mtime=now', 'invalid mtime value: "now"'],
  ])('%s is refused', (text, message) => {
    expect(() => parseGitAddress(text)).toThrow(
      expect.objectContaining({ code: 'CONTEXT_INVALID', message: `${message} in git address` }),
    );
  });

  test('are shown without credentials', () => {
    expect(shownAddress('https://user:secret@h/r.git#a@b')).toBe('https://h/r.git#a@b');
    expect(shownAddress('git@h:r')).toBe('git@h:r');
  });
});
