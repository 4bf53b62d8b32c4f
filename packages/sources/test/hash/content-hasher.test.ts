// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { ChecksumSelector, FileStamp, HostTree, StampedDigest, StatCache } from '@img-build/interfaces';
import fc from 'fast-check';
import { createContentHasher } from '../../src/hash/content-hasher.ts';
import { type Content, folderWith, put, removeFolders } from '../folder.ts';

afterAll(removeFolders);

/** Digests that BuildKit's own tests pin (cache/contenthash/checksum_test.go). */
const DATA0 = 'sha256:cd8e75bca50f2d695f220d0cb0997d8ead387e4f926e8669a92d7f104cc9885b';
const DATA1 = 'sha256:c2b5e234f5f38fc5864da7def04782f82501a40d46192e4207d5b3f0c3c4732b';
const DATA2 = 'sha256:1c67653c3cf95b12a0014e2c4cd1d776b474b3218aee54155d6ae27b9b999c54';
const DIR_D0 = 'sha256:d47454417d2c554067fbefe5f5719edc49f3cfe969c36b62e34a187a4da0cc9a';
const DIR_D0_BY_FILE = 'sha256:6b612ad5c13159112ae26357ef7bd34df29916941ba40ec2ce38dfb70c6c60c3';
const DIR_D0_MODIFIED = 'sha256:555ffa3028630d97ba37832b749eda85ab676fd64ffb629fbf0f4ec8c1e3bff1';
const DOUBLE_STAR = 'sha256:aa7448215bbf5b837b35ce64467857d8b9747965573d14d4b31b370586370971';
const EMPTY = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const D0: Record<string, Content> = { 'd0/abc': 'data0', 'd0/def': { link: 'abc' }, 'd0/ghi': { link: 'nosuchfile' } };

async function checksum(root: string, selector: ChecksumSelector, tree: Partial<HostTree> = {}): Promise<string | undefined> {
  const [digest] = await createContentHasher().checksum({ path: root, rootOwned: true, ...tree }, [selector]);
  return digest;
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(() => 'no error', (error: { code?: unknown }) => error.code);
}

describe('digests of files and folders', () => {
  const root = folderWith({ foo: 'data0', bar: 'data1', 'abc/aa/foo': 'data2', d0: null, ...D0, 'modified/abc': 'data0', 'modified/def': { link: 'abc' } });

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
    expect(await checksum(unordered, { path: 'd0' })).toBe('sha256:14276c302c940a80f82ca5477bf766c98a24702d6a9948ee71bb277cdad3ae05');
  });

  test('the mode of a folder counts, times do not', async () => {
    const tree = folderWith({ 'd0/foo/bar': 'data0', 'd0/foo/subdir1/baz': 'data1', 'd0/foo/subdir2': null });
    expect(await checksum(tree, { path: 'd0/foo' })).toBe('sha256:e76717544f71725bd759a981554ca17c286b3d222598f46a671b983fd2b8172d');
    utimesSync(join(tree, 'd0/foo/bar'), 1, 2);
    expect(await checksum(tree, { path: 'd0/foo' })).toBe('sha256:e76717544f71725bd759a981554ca17c286b3d222598f46a671b983fd2b8172d');
    chmodSync(join(tree, 'd0/foo'), 0o700);
    expect(await checksum(tree, { path: 'd0/foo' })).toBe('sha256:3a729f6ba0d3d74c6ade7d118b08b46e37e447afdad7fc6e258dbba12fa80141');
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
    expect(await checksum(tree, { path: 'big' })).toBe(`sha256:${createHash('sha256').update(header + data).digest('hex')}`);
  });

  test('names that are not UTF-8 are hashed as bytes', async () => {
    const tree = folderWith({ d: null });
    const name = Buffer.from([0x61, 0xff, 0x62]);
    writeFileSync(Buffer.concat([Buffer.from(`${tree}/d/`), name]), 'data0');
    chmodSync(Buffer.concat([Buffer.from(`${tree}/d/`), name]), 0o644);
    const directory = createHash('sha256').update('namemode493uid0gid0size0typeflag5linknameunamegnamedevmajor0devminor0').digest('hex');
    const sum = createHash('sha256').update(`\0sha256:${directory}\0`).update(name).update(DATA0);
    expect(await checksum(tree, { path: 'd' })).toBe(`sha256:${sum.digest('hex')}`);
  });

  test('extended attributes count, but for those of the host', async () => {
    const tree = folderWith({ foo: 'data0' });
    const values: Record<string, string> = { 'user.b': '2', 'user.a': '1', 'security.selinux': 'x', 'system.posix_acl_access': 'y', 'security.capability': 'c', 'trusted.overlay.origin': 'z' };
    const hasher = createContentHasher({ xattrs: { listXattr: () => Object.keys(values), getXattr: (_path, name) => Buffer.from(values[name] ?? '') } });
    const [digest] = await hasher.checksum({ path: tree, rootOwned: true }, [{ path: 'foo' }]);
    const image = 'namemode420uid0gid0size5typeflag0linknameunamegnamedevmajor0devminor0security.capabilitycuser.a1user.b2data0';
    expect(digest).toBe(`sha256:${createHash('sha256').update(image).digest('hex')}`);
  });
});

describe('symlinks', () => {
  const root = folderWith({
    'lib/sub/foo': 'data0', 'lib/sub/link': { link: '../../lib2' }, 'lib2/sub/foo': 'data0', link1: { link: '/lib' }, link2: { link: '/lib/' }, link3: { link: '/lib/.' },
    link4: { link: '/lib/../lib' }, link5: { link: '../lib' }, weird: { link: '../../../../link1/.' }, loop: { link: 'loop' }, outside: { link: '/etc/../../etc/passwd' },
  });

  test.each(['link1/sub/foo', 'link2/sub/foo', 'link3/sub/foo', 'link4/sub/foo', 'link5/sub/foo', 'link1/sub/link/sub/foo', 'weird/sub/foo'])('%s is resolved inside the root', async (path) => {
    expect(await checksum(root, { path })).toBe(DATA0);
  });

  test('never lead out of the root', async () => {
    expect(await codeOf(checksum(root, { path: 'outside', followLinks: true }))).toBe('TREE_PATH_NOT_FOUND');
  });

  test('in a circle are an error', async () => {
    expect(await codeOf(checksum(root, { path: 'loop', followLinks: true }))).toBe('TREE_TOO_MANY_LINKS');
  });
});

describe('wildcards and patterns', () => {
  const root = folderWith({ bar: 'data1', foo: 'data0', fox: 'data2', x: null, 'x/d0/abc': 'data0', 'x/d0/def': { link: 'abc' }, 'x/d0/ghi': { link: 'nosuchfile' }, y1: { link: 'foo' }, y2: { link: 'fox' } });

  test.each([
    [{ path: 'f*o', wildcard: true }, `sha256:${createHash('sha256').update(`\0foo${DATA0}`).digest('hex')}`],
    [{ path: 'f*', wildcard: true }, 'sha256:0b6731924f0a32a812bf8a729202e55e54ded331f9e4ff2397f681e43694e086'],
    [{ path: 'x/d?', wildcard: true }, DIR_D0_BY_FILE],
    [{ path: 'x/d?/def', wildcard: true, followLinks: true }, DATA0],
    [{ path: 'y*', wildcard: true, followLinks: true }, 'sha256:982153600b9653a1decb0f961e09e2bc1be335cfcaac9b39dbd1120b65fdf92c'],
    [{ path: 'nothing*', wildcard: true }, EMPTY],
  ] satisfies [ChecksumSelector, string][])('%j', async (selector, expected) => {
    expect(await checksum(root, selector)).toBe(expected);
  });

  test('links found inside a folder are not followed', async () => {
    const tree = folderWith({ target: 'data0', sym: { link: 'target' }, 'foo/ghi': { link: 'target' } });
    expect(await checksum(tree, { path: 'sym', wildcard: true })).toBe('sha256:a2ba571981f48ec34eb79c9a3ab091b6491e825c2f7e9914ea86e8e958be7fae');
    expect(await checksum(tree, { path: 'foo', followLinks: true })).toBe('sha256:9b761577efcb1239cf4be971914c5d7404914dd32ff436401af1764dc5446b83');
    expect(await checksum(tree, { path: 'fo?', followLinks: true, wildcard: true })).toBe('sha256:2797e710c6d1a89ff2d91c834b828b1dc500f2982430a58241df8e146f4c4bb4');
    expect(await checksum(tree, { path: 'foo', followLinks: true, excludePatterns: ['*.git'] })).toBe('sha256:9b761577efcb1239cf4be971914c5d7404914dd32ff436401af1764dc5446b83');
  });

  test('an exclude pattern that hits nothing changes nothing', async () => {
    const tree = folderWith({ 'test/foo': 'data0' });
    const expected = 'sha256:8f36dfd60011a21345427f4d3177b1223e11fbb732c18dd07cd8b2a27a0b53ca';
    expect(await checksum(tree, { path: 'test' })).toBe(expected);
    expect(await checksum(tree, { path: 'test', excludePatterns: ['*.git'] })).toBe(expected);
  });

  test.each([false, true])('folders are listed when something in them is included (wildcard %s)', async (wildcard) => {
    const empty = folderWith({ 'prefix/a/b/c': null });
    expect(await checksum(empty, { path: 'prefix/a', includePatterns: ['**/foo/**'], wildcard })).toBe(EMPTY);
    const tree = folderWith({ prefix: null, 'prefix/a': null, 'prefix/a/b': null, 'prefix/a/b/c': null, 'prefix/a/b/c/foo': null, 'prefix/a/b/c/foo/bar': 'abc' });
    expect(await checksum(tree, { path: 'prefix/a', includePatterns: ['**/foo/**', '**/report'], wildcard })).toBe(DOUBLE_STAR);
    expect(await checksum(tree, { path: 'prefix/a', includePatterns: ['**/foo', '**/report'], wildcard })).toBe(DOUBLE_STAR);
  });

  test('a file that no pattern includes does not count', async () => {
    const files: Record<string, Content> = { foo: 'data0', 'd0/abc': 'abc', 'd1/def': 'def' };
    const [small, large] = [folderWith(files), folderWith({ ...files, baz: 'data2', 'd0/xyz': 'xyz', d2: null })];
    for (const includePatterns of [['foo'], ['d0/a*'], ['d1'], ['**/abc']]) {
      expect(await checksum(large, { path: '', includePatterns })).toBe(await checksum(small, { path: '', includePatterns }));
    }
    expect(await checksum(large, { path: '', includePatterns: ['d0/*'] })).not.toBe(await checksum(small, { path: '', includePatterns: ['d0/*'] }));
    expect(await checksum(large, { path: '', includePatterns: ['d0/*'], excludePatterns: ['d0/xyz'] })).toBe(await checksum(small, { path: '', includePatterns: ['d0/*'] }));
  });

  test('names are the selector\'s, also through links', async () => {
    const tree = folderWith({ 'data/d0/d1/d2/foo': 'abc', 'mnt/data': { link: '../data' }, 'data/symlink-to-d0': { link: 'd0' } });
    const of = (path: string, wildcard = false) => checksum(tree, { path, wildcard, includePatterns: ['**/foo'] });
    expect(await of('data/d0')).not.toBe(EMPTY);
    expect(await of('mnt/data/d0')).toBe(await of('data/d0'));
    expect(await of('mnt/data/d*', true)).toBe(await of('data/d*', true));
    expect(await of('mnt/data/symlink-to-d0/d*/d2', true)).toBe(await of('mnt/data/d0/d*/d2', true));
  });
});

describe('filtered folders', () => {
  test('what is excluded does not count and is said to be excluded', async () => {
    const root = folderWith({ 'src/a': 'data0', 'src/b.log': 'data1', secret: 'data2' });
    const clean = folderWith({ 'src/a': 'data0' });
    expect(await checksum(root, { path: '/' }, { exclude: ['**/*.log', 'secret'] })).toBe(await checksum(clean, { path: '/' }));
    await expect(checksum(root, { path: 'secret' }, { exclude: ['secret'] })).rejects.toMatchObject({ code: 'TREE_PATH_NOT_FOUND', message: '"/secret": not found: an ignore rule excludes it' });
    await expect(checksum(root, { path: 'nofile' })).rejects.toMatchObject({ code: 'TREE_PATH_NOT_FOUND', message: '"/nofile": not found' });
  });

  test('the root folder itself does not count in a client\'s folder', async () => {
    const [one, other] = [folderWith({ a: 'data0' }), folderWith({ a: 'data0' })];
    chmodSync(other, 0o700);
    expect(await checksum(one, { path: '/' })).toBe(await checksum(other, { path: '/' }));
    const [own] = await createContentHasher().checksum({ path: one, rootOwned: false }, [{ path: '/' }]);
    expect(own).not.toBe(await checksum(one, { path: '/' }));
  });
});

describe('with a stat cache', () => {
  function memoryStatCache(): StatCache & { readonly entries: Map<string, StampedDigest> } {
    const entries = new Map<string, StampedDigest>();
    return {
      entries,
      load: () => new Map(entries),
      save: (_folder, next) => {
        entries.clear();
        for (const [path, stamped] of next) entries.set(path, stamped);
      },
    };
  }
  const later = (): number => Date.now() + 60_000;

  test('an unchanged file is not read again', async () => {
    const root = folderWith({ a: 'data0', 'd/b': 'data1' });
    const statCache = memoryStatCache();
    const hasher = createContentHasher({ statCache, clock: later });
    const first = await hasher.checksum({ path: root, rootOwned: true }, [{ path: '/' }]);
    expect([...statCache.entries.keys()].sort()).toEqual(['a', 'd/b']);
    // A digest planted under the right stamp shows that the file's bytes were not looked at.
    for (const [path, { stamp }] of [...statCache.entries]) statCache.entries.set(path, { stamp, digest: DATA2 as StampedDigest['digest'] });
    const [planted] = await hasher.checksum({ path: root, rootOwned: true }, [{ path: 'a' }]);
    expect(planted).toBe(DATA2);
    expect(first).not.toContain(DATA2);
  });

  test('a changed file is read, even with its old time and size', async () => {
    const root = folderWith({ a: 'data0' });
    const statCache = memoryStatCache();
    const hasher = createContentHasher({ statCache, clock: later });
    await hasher.checksum({ path: root, rootOwned: true }, [{ path: 'a' }]);
    put(root, 'a', 'data1');
    expect(await hasher.checksum({ path: root, rootOwned: true }, [{ path: 'a' }])).toEqual([DATA1]);
  });

  test('a file that changed just now is not trusted', async () => {
    const root = folderWith({ a: 'data0' });
    const statCache = memoryStatCache();
    await createContentHasher({ statCache }).checksum({ path: root, rootOwned: true }, [{ path: 'a' }]);
    expect(statCache.entries.size).toBe(0);
  });

  test('digests of a tree with owners of its own are not mixed in', async () => {
    const root = folderWith({ a: 'data0' });
    const statCache = memoryStatCache();
    await createContentHasher({ statCache, clock: later }).checksum({ path: root, rootOwned: false }, [{ path: 'a' }]);
    expect(statCache.entries.size).toBe(0);
  });

  test('stamps hold the file\'s change time', async () => {
    const root = folderWith({ a: 'data0' });
    const statCache = memoryStatCache();
    await createContentHasher({ statCache, clock: later }).checksum({ path: root, rootOwned: true }, [{ path: 'a' }]);
    const stamp = statCache.entries.get('a')?.stamp as FileStamp;
    expect(stamp.size).toBe(readFileSync(join(root, 'a')).length);
    expect(stamp.changed).toBeGreaterThan(stamp.modified);
  });
});

test('an aborted checksum ends with the reason', async () => {
  const root = folderWith({ a: 'data0' });
  const reason = new Error('enough');
  await expect(createContentHasher().checksum({ path: root, rootOwned: true }, [{ path: '/' }], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test('the digest of a folder depends on exactly its files and modes', async () => {
  const name = fc.stringMatching(/^[a-c]{1,2}$/);
  const files = fc.dictionary(name, fc.record({ data: fc.string({ maxLength: 3 }), mode: fc.constantFrom(0o600, 0o644, 0o4755) }), { maxKeys: 4 });
  const build = async (content: Record<string, { data: string; mode: number }>): Promise<string | undefined> => {
    const root = folderWith({ d: null });
    for (const [path, { data, mode }] of Object.entries(content)) {
      put(root, `d/${path}`, data);
      chmodSync(join(root, 'd', path), mode);
    }
    return checksum(root, { path: 'd' });
  };
  const canonical = (content: Record<string, unknown>): string => JSON.stringify(Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1)));
  await fc.assert(
    fc.asyncProperty(files, files, async (one, other) => {
      expect((await build(one)) === (await build(other))).toBe(canonical(one) === canonical(other));
    }),
    { numRuns: 40 },
  );
});
