// SPDX-License-Identifier: MIT
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostTree } from '@img-build/interfaces';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bytePath, pathText, rootedPath, systemPath } from '../../src/tree/byte-path.ts';
import { resolveCopySources } from '../../src/tree/copy-sources.ts';
import { openFileTree } from '../../src/tree/file-tree.ts';
import { resolvePath } from '../../src/tree/resolve-path.ts';
import { walkTree } from '../../src/tree/walk-tree.ts';
import { folderWith, removeFolders } from '../folder.ts';

afterAll(removeFolders);

function paths(root: string, filters: Partial<HostTree> = {}): string[] {
  const tree = openFileTree({ path: root, rootOwned: true, ...filters });
  return [...walkTree(tree, tree.root)].map(({ path }) => path).slice(1);
}

describe('byte paths', () => {
  test('keep every byte and show text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        (text) => pathText(bytePath(text)) === text.toWellFormed(),
      ),
    );
    expect(systemPath('/tree', 'plain')).toBe('/tree/plain');
    expect(systemPath('/root', '\xff')).toEqual(Buffer.from([...Buffer.from('/root/'), 0xff]));
  });

  test('never climb above the root', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('..', '.', '', 'a', 'b')), (parts) => {
        expect(rootedPath(parts.join('/')).split('/')).not.toContain('..');
      }),
    );
  });
});

describe('a filtered folder', () => {
  const root = folderWith({
    'a/b/c': 'c',
    'a/b/d': 'd',
    'a-b': 'x',
    'a.txt': 'y',
    'logs/x.log': 'l',
    'logs/keep.log': 'k',
    empty: null,
  });

  test('is walked in byte order, folders before what is in them', () => {
    expect(paths(root)).toEqual([
      'a',
      'a/b',
      'a/b/c',
      'a/b/d',
      'a-b',
      'a.txt',
      'empty',
      'logs',
      'logs/keep.log',
      'logs/x.log',
    ]);
  });

  test.each([
    [{ exclude: ['logs'] }, ['a', 'a/b', 'a/b/c', 'a/b/d', 'a-b', 'a.txt', 'empty']],
    [{ exclude: ['logs', '!logs/keep.log', 'a'] }, ['a-b', 'a.txt', 'empty', 'logs', 'logs/keep.log']],
    [{ exclude: ['**', '!a/b/c'] }, ['a', 'a/b', 'a/b/c']],
    [{ include: ['a/b/d', '*.txt'] }, ['a', 'a/b', 'a/b/d', 'a.txt']],
    [{ include: ['a/b'] }, ['a', 'a/b', 'a/b/c', 'a/b/d']],
    [{ include: ['**/x.log'] }, ['logs', 'logs/x.log']],
    [{ followPaths: ['a/b/c'], exclude: ['a-b'] }, ['a', 'a/b', 'a/b/c']],
    [{ followPaths: ['.'], exclude: ['a', 'logs'] }, ['a-b', 'a.txt', 'empty']],
    [{ followPaths: [] }, []],
  ] satisfies [Partial<HostTree>, string[]][])('%j', (filters, expected) => {
    expect(paths(root, filters)).toEqual(expected);
  });

  test('looks below a folder only where something can be', () => {
    const tree = openFileTree({ path: root, rootOwned: true, include: ['a/b/c'] });
    expect(tree.get('logs')).toBeUndefined();
    expect(tree.get('logs/x.log')).toBeUndefined();
    expect(tree.get('a/b/c')?.kind).toBe('file');
    expect(tree.get('a/b/d')).toBeUndefined();
  });

  test('a walk with its own patterns sees only what they choose', () => {
    const tree = openFileTree({ path: root, rootOwned: true });
    expect([...walkTree(tree, tree.root, { exclude: ['**/*.log', 'a'] })].map(({ path }) => path)).toEqual([
      '',
      'a-b',
      'a.txt',
      'empty',
      'logs',
    ]);
  });
});

describe('followed paths', () => {
  const root = folderWith({
    'real/data/file': 'f',
    'real/other': 'o',
    link: { link: 'real/data' },
    abs: { link: '/real/other' },
    'x/l1': { link: '../real/other' },
    'x/l2': 'plain',
    loop: { link: 'loop/x' },
    up: { link: '../../..' },
  });

  test.each([
    [['link/file'], ['link', 'real', 'real/data', 'real/data/file']],
    [['abs'], ['abs', 'real', 'real/other']],
    [['x/l*'], ['real', 'real/other', 'x', 'x/l1', 'x/l2']],
    [['loop'], ['loop']],
  ])('%j', (followPaths, expected) => {
    expect(paths(root, { followPaths })).toEqual(expected);
  });

  test('a link to the root shows everything', () => {
    expect(paths(root, { followPaths: ['up'] })).toEqual(paths(root));
  });
});

test('a symlinked parent is never walked through by the kernel', () => {
  const outside = folderWith({ secret: 's' });
  const root = folderWith({ a: 'x' });
  symlinkSync(outside, join(root, 'out'));
  const tree = openFileTree({ path: root, rootOwned: true });
  expect(tree.get('out/secret')).toBeUndefined();
  expect(resolvePath(tree, 'out/secret', true).entry).toBeUndefined();
});

describe('sources of a copy', () => {
  const root = folderWith({
    'd/a.md': '1',
    'd/b.md': '2',
    'd/c.txt': '3',
    named: { link: 'd/a.md' },
    dir: { link: 'd' },
    'w/l.md': { link: '../d/c.txt' },
    'odd[1]': 'o',
  });
  const tree = openFileTree({ path: root, rootOwned: true });
  const find = (source: string, followLinks = true): string[] =>
    resolveCopySources(tree, source, { wildcard: true, followLinks }).map(
      ({ name, entry }) => `${name}=${entry.path}`,
    );

  test.each([
    ['/', ['=']],
    ['../../d/./a.md', ['a.md=d/a.md']],
    ['named', ['named=d/a.md']],
    ['dir/*.md', ['a.md=d/a.md', 'b.md=d/b.md']],
    ['w/*.md', ['l.md=d/c.txt']],
    ['odd[[]1]', ['odd[1]=odd[1]']],
    ['d/*.zip', []],
    ['missing/*', []],
  ])('%s', (source, expected) => {
    expect(find(source)).toEqual(expected);
  });

  test('links stay links unless they are to be followed', () => {
    expect(find('named', false)).toEqual(['named=named']);
    expect(find('w/*', false)).toEqual(['l.md=w/l.md']);
  });

  test('a missing name and a broken pattern are errors', () => {
    expect(() => find('missing')).toThrow(expect.objectContaining({ code: 'TREE_PATH_NOT_FOUND' }));
    expect(() => find('d/[')).toThrow(expect.objectContaining({ code: 'TREE_PATTERN_INVALID' }));
  });
});

test('names that are not UTF-8 are found, walked and sorted by byte', () => {
  const root = folderWith({ z: '', é: '' });
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0x61])]), 'x');
  const tree = openFileTree({ path: root, rootOwned: true });
  const walked = [...walkTree(tree, tree.root)].map(({ path }) => path).slice(1);
  expect(walked).toEqual(['z', bytePath('é'), '\xffa']);
  expect(tree.get('\xffa')?.stats.size).toBe(1n);
});
