// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { chmodSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChecksumSelector, HostTree, StampedDigest, StatCache } from '@img-build/interfaces';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createContentHasher } from '../../src/hash/content-hasher.ts';
import { type Content, folderWith, put, removeFolders } from '../folder.ts';
import { DATA0, DATA1, DATA2, DIR_D0, DIR_D0_MODIFIED } from './known-digests.ts';

afterAll(removeFolders);

const D0: Record<string, Content> = {
  'd0/abc': 'data0',
  'd0/def': { link: 'abc' },
  'd0/ghi': { link: 'nosuchfile' },
};

async function checksum(
  root: string,
  selector: ChecksumSelector,
  tree: Partial<HostTree> = {},
): Promise<string | undefined> {
  const [digest] = await createContentHasher().checksum({ path: root, rootOwned: true, ...tree }, [selector]);
  return digest;
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no error',
    (error: { code?: unknown }) => error.code,
  );
}

describe('digests of files and folders', () => {
  const root = folderWith({
    foo: 'data0',
    bar: 'data1',
    'abc/aa/foo': 'data2',
    d0: null,
    ...D0,
    'modified/abc': 'data0',
    'modified/def': { link: 'abc' },
  });

  test.each([
    ['foo', DATA0],
    ['/bar', DATA1],
    ['abc/aa/foo', DATA2],
    ['d0/abc', DATA0],
    ['d0', DIR_D0],
    ['/d0/', DIR_D0],
    ['modified', DIR_D0_MODIFIED],
  ])('%s', async (path, expected) => {
    expect(await checksum(root, { path, followLinks: true })).toBe(expected);
  });

  test('follow a link only when asked to', async () => {
    expect(await checksum(root, { path: 'd0/def', followLinks: true })).toBe(DATA0);
    expect(await checksum(root, { path: 'd0/def' })).not.toBe(DATA0);
  });

  test('a broken link that is to be followed is an error', async () => {
    expect(await codeOf(checksum(root, { path: 'd0/ghi', followLinks: true }))).toBe('TREE_PATH_NOT_FOUND');
  });

  test('siblings sort by byte, not by path', async () => {
    const unordered = folderWith({ 'd0/foo/bar': 'data0', 'd0/foo-subdir': null, 'd0/foo.subdir': 'data1' });
    expect(await checksum(unordered, { path: 'd0' })).toBe(
      'sha256:14276c302c940a80f82ca5477bf766c98a24702d6a9948ee71bb277cdad3ae05',
    );
  });

  test('the mode of a folder counts, times do not', async () => {
    const tree = folderWith({ 'd0/foo/bar': 'data0', 'd0/foo/subdir1/baz': 'data1', 'd0/foo/subdir2': null });
    expect(await checksum(tree, { path: 'd0/foo' })).toBe(
      'sha256:e76717544f71725bd759a981554ca17c286b3d222598f46a671b983fd2b8172d',
    );
    utimesSync(join(tree, 'd0/foo/bar'), 1, 2);
    expect(await checksum(tree, { path: 'd0/foo' })).toBe(
      'sha256:e76717544f71725bd759a981554ca17c286b3d222598f46a671b983fd2b8172d',
    );
    chmodSync(join(tree, 'd0/foo'), 0o700);
    expect(await checksum(tree, { path: 'd0/foo' })).toBe(
      'sha256:3a729f6ba0d3d74c6ade7d118b08b46e37e447afdad7fc6e258dbba12fa80141',
    );
  });

  test('hardlinks have the digest of what they link to', async () => {
    const tree = folderWith({ 'abc/foo': 'data0', ln: { hardlink: 'abc/foo' } });
    expect(await checksum(tree, { path: 'ln' })).toBe(DATA0);
    expect(await checksum(tree, { path: 'abc/foo' })).toBe(DATA0);
  });

  test('a file of several chunks has the digest of its header and bytes', async () => {
    const data = 'x'.repeat(3 * 1024 * 1024 + 7);
    const tree = folderWith({ big: data });
    const header = `namemode420uid0gid0size${data.length}typeflag0linknameunamegnamedevmajor0devminor0`;
    expect(await checksum(tree, { path: 'big' })).toBe(
      `sha256:${createHash('sha256')
        .update(header + data)
        .digest('hex')}`,
    );
  });

  test('names that are not UTF-8 are hashed as bytes', async () => {
    const tree = folderWith({ d: null });
    const name = Buffer.from([0x61, 0xff, 0x62]);
    writeFileSync(Buffer.concat([Buffer.from(`${tree}/d/`), name]), 'data0');
    chmodSync(Buffer.concat([Buffer.from(`${tree}/d/`), name]), 0o644);
    const directory = createHash('sha256')
      .update('namemode493uid0gid0size0typeflag5linknameunamegnamedevmajor0devminor0')
      .digest('hex');
    const sum = createHash('sha256').update(`\0sha256:${directory}\0`).update(name).update(DATA0);
    expect(await checksum(tree, { path: 'd' })).toBe(`sha256:${sum.digest('hex')}`);
  });

  test('extended attributes count, but for those of the host', async () => {
    const tree = folderWith({ foo: 'data0' });
    const values: Record<string, string> = {
      'user.b': '2',
      'user.a': '1',
      'security.selinux': 'x',
      'system.posix_acl_access': 'y',
      'security.capability': 'c',
      'trusted.overlay.origin': 'z',
    };
    const hasher = createContentHasher({
      xattrs: {
        listXattr: () => Object.keys(values),
        getXattr: (_path, name) => Buffer.from(values[name] ?? ''),
      },
    });
    const [digest] = await hasher.checksum({ path: tree, rootOwned: true }, [{ path: 'foo' }]);
    const image =
      'namemode420uid0gid0size5typeflag0linknameunamegnamedevmajor0devminor0security.capabilitycuser.a1user.b2data0';
    expect(digest).toBe(`sha256:${createHash('sha256').update(image).digest('hex')}`);
  });
});

describe('symlinks', () => {
  const root = folderWith({
    'lib/sub/foo': 'data0',
    'lib/sub/link': { link: '../../lib2' },
    'lib2/sub/foo': 'data0',
    link1: { link: '/lib' },
    link2: { link: '/lib/' },
    link3: { link: '/lib/.' },
    link4: { link: '/lib/../lib' },
    link5: { link: '../lib' },
    weird: { link: '../../../../link1/.' },
    loop: { link: 'loop' },
    outside: { link: '/etc/../../etc/passwd' },
  });

  test.each([
    'link1/sub/foo',
    'link2/sub/foo',
    'link3/sub/foo',
    'link4/sub/foo',
    'link5/sub/foo',
    'link1/sub/link/sub/foo',
    'weird/sub/foo',
  ])('%s is resolved inside the root', async (path) => {
    expect(await checksum(root, { path })).toBe(DATA0);
  });

  test('never lead out of the root', async () => {
    expect(await codeOf(checksum(root, { path: 'outside', followLinks: true }))).toBe('TREE_PATH_NOT_FOUND');
  });

  test('in a circle are an error', async () => {
    expect(await codeOf(checksum(root, { path: 'loop', followLinks: true }))).toBe('TREE_TOO_MANY_LINKS');
  });
});

describe('filtered folders', () => {
  test('what is excluded does not count and is said to be excluded', async () => {
    const root = folderWith({ 'src/a': 'data0', 'src/b.log': 'data1', secret: 'data2' });
    const clean = folderWith({ 'src/a': 'data0' });
    expect(await checksum(root, { path: '/' }, { exclude: ['**/*.log', 'secret'] })).toBe(
      await checksum(clean, { path: '/' }),
    );
    await expect(checksum(root, { path: 'secret' }, { exclude: ['secret'] })).rejects.toMatchObject({
      code: 'TREE_PATH_NOT_FOUND',
      message: '"/secret": not found: an ignore rule excludes it',
    });
    await expect(checksum(root, { path: 'nofile' })).rejects.toMatchObject({
      code: 'TREE_PATH_NOT_FOUND',
      message: '"/nofile": not found',
    });
  });

  test("the root folder itself does not count in a client's folder", async () => {
    const [one, other] = [folderWith({ a: 'data0' }), folderWith({ a: 'data0' })];
    chmodSync(other, 0o700);
    expect(await checksum(one, { path: '/' })).toBe(await checksum(other, { path: '/' }));
    const [own] = await createContentHasher().checksum({ path: one, rootOwned: false }, [{ path: '/' }]);
    expect(own).not.toBe(await checksum(one, { path: '/' }));
  });
});

test('an aborted checksum ends with the reason', async () => {
  const root = folderWith({ a: 'data0' });
  const reason = new Error('enough');
  await expect(
    createContentHasher().checksum({ path: root, rootOwned: true }, [{ path: '/' }], {
      signal: AbortSignal.abort(reason),
    }),
  ).rejects.toBe(reason);
});

test('the digest of a folder depends on exactly its files and modes', async () => {
  const name = fc.stringMatching(/^[a-c]{1,2}$/);
  const files = fc.dictionary(
    name,
    fc.record({ data: fc.string({ maxLength: 3 }), mode: fc.constantFrom(0o600, 0o644, 0o4755) }),
    { maxKeys: 4 },
  );
  const build = async (
    content: Record<string, { data: string; mode: number }>,
  ): Promise<string | undefined> => {
    const root = folderWith({ d: null });
    for (const [path, { data, mode }] of Object.entries(content)) {
      put(root, `d/${path}`, data);
      chmodSync(join(root, 'd', path), mode);
    }
    return checksum(root, { path: 'd' });
  };
  const canonical = (content: Record<string, unknown>): string =>
    JSON.stringify(Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1)));
  await fc.assert(
    fc.asyncProperty(files, files, async (one, other) => {
      expect((await build(one)) === (await build(other))).toBe(canonical(one) === canonical(other));
    }),
    { numRuns: 40 },
  );
});

describe('a tree that is read ahead', () => {
  test('tells what had to be read, and gives the digests of that moment', async () => {
    const root = folderWith({ 'a/one': 'one', two: 'two', 'out/three': 'three' });
    const entries = new Map<string, ReadonlyMap<string, StampedDigest>>();
    const statCache: StatCache = {
      load: (folder) => entries.get(folder) ?? new Map(),
      save: (folder, saved) => void entries.set(folder, saved),
    };
    const clock = (): number => Date.now() + 60_000;
    const tree: Omit<HostTree, 'type'> = { path: root, rootOwned: true, exclude: ['out'] };
    const selectors = [{ path: '/a' }, { path: '/two' }];
    const plain = await createContentHasher().checksum(tree, selectors);
    const read: number[] = [];
    const hasher = createContentHasher({ statCache, clock });
    await hasher.load(tree, { onProgress: (bytes) => read.push(bytes) });
    expect(read).toEqual([3, 6]);
    writeFileSync(join(root, 'two'), 'changed since');
    expect(await hasher.checksum(tree, selectors)).toEqual(plain);

    read.length = 0;
    await createContentHasher({ statCache, clock }).load(
      { ...tree },
      { onProgress: (bytes) => read.push(bytes) },
    );
    expect(read).toEqual(['changed since'.length]);
  });
});
