// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type { ChecksumSelector, HostTree } from '@img-build/interfaces';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createContentHasher } from '../../src/hash/content-hasher.ts';
import { type Content, folderWith, removeFolders } from '../folder.ts';
import { DATA0, DIR_D0_BY_FILE, DOUBLE_STAR, EMPTY } from './known-digests.ts';

afterAll(removeFolders);

async function checksum(
  root: string,
  selector: ChecksumSelector,
  tree: Partial<HostTree> = {},
): Promise<string | undefined> {
  const [digest] = await createContentHasher().checksum({ path: root, rootOwned: true, ...tree }, [selector]);
  return digest;
}

describe('wildcards and patterns', () => {
  const root = folderWith({
    bar: 'data1',
    foo: 'data0',
    fox: 'data2',
    x: null,
    'x/d0/abc': 'data0',
    'x/d0/def': { link: 'abc' },
    'x/d0/ghi': { link: 'nosuchfile' },
    y1: { link: 'foo' },
    y2: { link: 'fox' },
  });

  test.each([
    [{ path: 'f*o', wildcard: true }, `sha256:${createHash('sha256').update(`\0foo${DATA0}`).digest('hex')}`],
    [
      { path: 'f*', wildcard: true },
      'sha256:0b6731924f0a32a812bf8a729202e55e54ded331f9e4ff2397f681e43694e086',
    ],
    [{ path: 'x/d?', wildcard: true }, DIR_D0_BY_FILE],
    [{ path: 'x/d?/def', wildcard: true, followLinks: true }, DATA0],
    [
      { path: 'y*', wildcard: true, followLinks: true },
      'sha256:982153600b9653a1decb0f961e09e2bc1be335cfcaac9b39dbd1120b65fdf92c',
    ],
    [{ path: 'nothing*', wildcard: true }, EMPTY],
  ] satisfies [ChecksumSelector, string][])('%j', async (selector, expected) => {
    expect(await checksum(root, selector)).toBe(expected);
  });

  test('links found inside a folder are not followed', async () => {
    const tree = folderWith({ target: 'data0', sym: { link: 'target' }, 'foo/ghi': { link: 'target' } });
    expect(await checksum(tree, { path: 'sym', wildcard: true })).toBe(
      'sha256:a2ba571981f48ec34eb79c9a3ab091b6491e825c2f7e9914ea86e8e958be7fae',
    );
    expect(await checksum(tree, { path: 'foo', followLinks: true })).toBe(
      'sha256:9b761577efcb1239cf4be971914c5d7404914dd32ff436401af1764dc5446b83',
    );
    expect(await checksum(tree, { path: 'fo?', followLinks: true, wildcard: true })).toBe(
      'sha256:2797e710c6d1a89ff2d91c834b828b1dc500f2982430a58241df8e146f4c4bb4',
    );
    expect(await checksum(tree, { path: 'foo', followLinks: true, excludePatterns: ['*.git'] })).toBe(
      'sha256:9b761577efcb1239cf4be971914c5d7404914dd32ff436401af1764dc5446b83',
    );
  });

  test('an exclude pattern that hits nothing changes nothing', async () => {
    const tree = folderWith({ 'test/foo': 'data0' });
    const expected = 'sha256:8f36dfd60011a21345427f4d3177b1223e11fbb732c18dd07cd8b2a27a0b53ca';
    expect(await checksum(tree, { path: 'test' })).toBe(expected);
    expect(await checksum(tree, { path: 'test', excludePatterns: ['*.git'] })).toBe(expected);
  });

  test.each([false, true])(
    'folders are listed when something in them is included (wildcard %s)',
    async (wildcard) => {
      const empty = folderWith({ 'prefix/a/b/c': null });
      expect(await checksum(empty, { path: 'prefix/a', includePatterns: ['**/foo/**'], wildcard })).toBe(
        EMPTY,
      );
      const tree = folderWith({
        prefix: null,
        'prefix/a': null,
        'prefix/a/b': null,
        'prefix/a/b/c': null,
        'prefix/a/b/c/foo': null,
        'prefix/a/b/c/foo/bar': 'abc',
      });
      expect(
        await checksum(tree, { path: 'prefix/a', includePatterns: ['**/foo/**', '**/report'], wildcard }),
      ).toBe(DOUBLE_STAR);
      expect(
        await checksum(tree, { path: 'prefix/a', includePatterns: ['**/foo', '**/report'], wildcard }),
      ).toBe(DOUBLE_STAR);
    },
  );

  test('a file that no pattern includes does not count', async () => {
    const files: Record<string, Content> = { foo: 'data0', 'd0/abc': 'abc', 'd1/def': 'def' };
    const [small, large] = [
      folderWith(files),
      folderWith({ ...files, baz: 'data2', 'd0/xyz': 'xyz', d2: null }),
    ];
    for (const includePatterns of [['foo'], ['d0/a*'], ['d1'], ['**/abc']]) {
      expect(await checksum(large, { path: '', includePatterns })).toBe(
        await checksum(small, { path: '', includePatterns }),
      );
    }
    expect(await checksum(large, { path: '', includePatterns: ['d0/*'] })).not.toBe(
      await checksum(small, { path: '', includePatterns: ['d0/*'] }),
    );
    expect(await checksum(large, { path: '', includePatterns: ['d0/*'], excludePatterns: ['d0/xyz'] })).toBe(
      await checksum(small, { path: '', includePatterns: ['d0/*'] }),
    );
  });

  test("names are the selector's, also through links", async () => {
    const tree = folderWith({
      'data/d0/d1/d2/foo': 'abc',
      'mnt/data': { link: '../data' },
      'data/symlink-to-d0': { link: 'd0' },
    });
    const of = (path: string, wildcard = false) =>
      checksum(tree, { path, wildcard, includePatterns: ['**/foo'] });
    expect(await of('data/d0')).not.toBe(EMPTY);
    expect(await of('mnt/data/d0')).toBe(await of('data/d0'));
    expect(await of('mnt/data/d*', true)).toBe(await of('data/d*', true));
    expect(await of('mnt/data/symlink-to-d0/d*/d2', true)).toBe(await of('mnt/data/d0/d*/d2', true));
  });
});
