// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Mount } from '@img-build/interfaces';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { asRoot } from './support/as-root.ts';
import {
  applyBytes,
  bind,
  describeTree,
  host,
  otherId,
  overlay,
  type Part,
  tarOf,
  temporaryFolder,
} from './support/fixture.ts';

asRoot(import.meta.url, () => {
  let folder: string;
  let upper: string;
  let lower: string;

  beforeEach(() => {
    folder = temporaryFolder();
    upper = join(folder, 'upper');
    lower = join(folder, 'lower');
    mkdirSync(upper);
    mkdirSync(lower);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const apply = async (
    parts: readonly Part[],
    mounts: readonly Mount[] = bind(upper),
    options: Parameters<typeof applyBytes>[3] = {},
  ) => applyBytes(folder, await tarOf(folder, parts), mounts, options);

  describe('an applier', () => {
    test('keeps modes, owners, times, links and extended attributes', async () => {
      const id = otherId(folder);
      await apply([
        { name: 'dir/', mode: 0o1777, uid: id, gid: id, seconds: 1000 },
        { name: 'dir/suid', mode: 0o4755, uid: id, gid: id, text: 'run me', seconds: 2000 },
        { name: 'dir/hard', type: 'hardlink', linkName: 'dir/suid', mode: 0o4755, uid: id, gid: id },
        {
          name: 'link',
          type: 'symlink',
          linkName: '/etc/passwd',
          mode: 0o777,
          uid: id,
          gid: id,
          seconds: 3000,
        },
        { name: 'fifo', type: 'fifo', mode: 0o666 },
        { name: 'attr', text: 'x', xattrs: new Map([['user.note', Buffer.from([0, 255, 10])]]) },
        { name: './sealed/', mode: 0o500, seconds: 4000 },
        { name: 'sealed/inside', text: 'y', mode: 0 },
      ]);

      const suid = lstatSync(join(upper, 'dir/suid'));
      expect([suid.mode & 0o7777, suid.uid, suid.gid, suid.mtimeMs, suid.nlink]).toEqual([
        0o4755,
        id,
        id,
        2_000_000,
        2,
      ]);
      const dir = lstatSync(join(upper, 'dir'));
      expect([dir.mode & 0o7777, dir.uid, dir.mtimeMs]).toEqual([0o1777, id, 1_000_000]);
      expect(lstatSync(join(upper, 'link')).mtimeMs).toBe(3_000_000);
      expect(readlinkSync(join(upper, 'link'))).toBe('/etc/passwd');
      expect(lstatSync(join(upper, 'fifo')).isFIFO()).toBe(true);
      expect(lstatSync(join(upper, 'fifo')).mode & 0o7777).toBe(0o666);
      expect([...(host.getXattr(join(upper, 'attr'), 'user.note') ?? [])]).toEqual([0, 255, 10]);
      const sealed = lstatSync(join(upper, 'sealed'));
      expect([sealed.mode & 0o7777, sealed.mtimeMs]).toEqual([0o500, 4_000_000]);
    });

    test('gives the same tree as GNU tar, whatever the packing and with or without a thread', async () => {
      const tree = join(folder, 'tree');
      cpSync(new URL('../src', import.meta.url), join(tree, 'src'), { recursive: true });
      for (let index = 0; index < 300; index++)
        writeFileSync(join(tree, `file ${index}`), 'x'.repeat(index * 37));
      writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff, 0xfe, 0x41])]), 'not UTF-8');
      symlinkSync('nowhere', join(tree, 'l'.repeat(120)));
      const tar = join(folder, 'tree.tar');
      spawnSync('tar', ['--format=pax', '-cf', tar, '-C', tree, '.']);
      const bytes = readFileSync(tar);
      const middle = Math.floor(bytes.length / 2);
      const variants = [
        bytes,
        gzipSync(bytes),
        Buffer.concat([gzipSync(bytes.subarray(0, middle)), gzipSync(bytes.subarray(middle))]),
        zstdCompressSync(bytes),
        Buffer.concat([
          zstdCompressSync(bytes.subarray(0, middle)),
          Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]),
          zstdCompressSync(bytes.subarray(middle)),
        ]),
      ];
      for (const threadThreshold of [0, Number.POSITIVE_INFINITY]) {
        for (const packed of variants) {
          rmSync(upper, { recursive: true });
          mkdirSync(upper);
          await applyBytes(folder, packed, bind(upper), { threadThreshold });
          expect(describeTree(upper)).toEqual(describeTree(tree));
        }
      }
    });

    test('makes missing parents from the layers below', async () => {
      const id = otherId(folder);
      mkdirSync(join(lower, 'a/b'), { recursive: true });
      chmodSync(join(lower, 'a'), 0o2710);
      host.setTimes(join(lower, 'a/b'), { seconds: 5n, nanoseconds: 7 }, { seconds: 5n, nanoseconds: 7 });
      host.setTimes(join(lower, 'a'), { seconds: 6n, nanoseconds: 8 }, { seconds: 6n, nanoseconds: 8 });
      spawnSync('chown', [`${id}:${id}`, join(lower, 'a/b')]);
      const copy = join(folder, 'copy');
      spawnSync('cp', ['-a', lower, copy]);
      const parts = [
        { name: 'a/b/c', text: 'c' },
        { name: 'new/d', text: 'd' },
      ];

      await apply(parts, overlay(upper, lower));
      await apply(parts, bind(copy));

      expect(describeTree(upper)).toEqual(describeTree(copy));
      const b = lstatSync(join(upper, 'a/b'), { bigint: true });
      expect([b.mtimeNs, Number(b.uid)]).toEqual([5_000_000_007n, id]);
      expect(lstatSync(join(upper, 'a')).mode & 0o7777).toBe(0o2710);
      expect(lstatSync(join(upper, 'new')).mtimeMs).toBe(0);
    });

    test('links to a file of the layers below', async () => {
      mkdirSync(join(lower, 'd'));
      writeFileSync(join(lower, 'd/old'), 'old', { mode: 0o640 });
      const copy = join(folder, 'copy');
      spawnSync('cp', ['-a', lower, copy]);
      const parts: Part[] = [
        { name: 'new', type: 'hardlink', linkName: 'd/old' },
        { name: 'newer', type: 'hardlink', linkName: 'new' },
      ];

      await apply(parts, overlay(upper, lower));
      await apply(parts, bind(copy));

      expect(describeTree(upper)).toEqual(describeTree(copy));
      expect(lstatSync(join(upper, 'new')).nlink).toBe(3);
    });

    test.each([['missing'], ['gone'], ['dir'], ['']])('refuses a hardlink to %j', async (linkName) => {
      mkdirSync(join(lower, 'dir'));
      writeFileSync(join(lower, 'gone'), '');
      const parts: Part[] = [{ name: '.wh.gone' }, { name: 'new', type: 'hardlink', linkName }];

      await expect(apply(parts, overlay(upper, lower))).rejects.toHaveProperty('code', 'LAYER_INVALID');
      rmSync(join(lower, 'gone'));
      await expect(apply(parts, bind(lower))).rejects.toHaveProperty('code', 'LAYER_INVALID');
    });

    test('waits for the layers below only with what depends on them', async () => {
      const { promise: lowerReady, resolve } = Promise.withResolvers<void>();
      const applying = apply([{ name: 'd/f', text: 'f' }, { name: 'd/.wh.old' }], overlay(upper, lower), {
        lowerReady,
      });
      while (!existsSync(join(upper, 'd/f'))) await new Promise((next) => setImmediate(next));
      mkdirSync(join(lower, 'd'));
      writeFileSync(join(lower, 'd/old'), '');
      utimesSync(join(lower, 'd'), 9, 9);
      resolve();
      await applying;

      expect(lstatSync(join(upper, 'd')).mtimeMs).toBe(9000);
      expect(lstatSync(join(upper, 'd/old')).isCharacterDevice()).toBe(true);
    });
  });

  describe('a bad layer', () => {
    test('is refused for its digest, its diffID, its type or its packing', async () => {
      const tar = await tarOf(folder, [{ name: 'a', text: 'a' }]);
      const zeros: `sha256:${string}` = `sha256:${'0'.repeat(64)}`;
      const attempt = (bytes: Buffer, options: object) =>
        applyBytes(folder, bytes, bind(upper), options).then(
          () => 'applied',
          (error: { code: string }) => error.code,
        );

      for (const threadThreshold of [0, 1e9]) {
        expect(await attempt(tar, { threadThreshold, digest: zeros })).toBe('LAYER_DIGEST_MISMATCH');
        expect(await attempt(tar, { threadThreshold, diffId: zeros })).toBe('LAYER_DIFF_ID_MISMATCH');
        expect(
          await attempt(tar, { threadThreshold, mediaType: 'application/vnd.oci.image.layer.v1.tar+br' }),
        ).toBe('LAYER_UNSUPPORTED');
        expect(await attempt(Buffer.from('BZh91AY&SY'), { threadThreshold })).toBe('LAYER_UNSUPPORTED');
        expect(await attempt(gzipSync(tar).subarray(0, -5), { threadThreshold })).toBe('LAYER_INVALID');
        expect(
          await attempt(Buffer.concat([gzipSync(tar), Buffer.from('garbage')]), { threadThreshold }),
        ).toBe('LAYER_INVALID');
        expect(await attempt(zstdCompressSync(tar).subarray(0, -3), { threadThreshold })).toBe(
          'LAYER_INVALID',
        );
        expect(await attempt(tar.subarray(0, 700), { threadThreshold })).toBe('LAYER_INVALID');
        expect(await attempt(Buffer.alloc(4096, 'garbage'), { threadThreshold })).toBe('LAYER_INVALID');
      }
      expect(await attempt(tar, {})).toBe('applied');
    });

    test('needs a writable mount, and an empty one for an overlay', async () => {
      await expect(
        apply([], [{ type: 'bind', source: upper, options: ['rbind', 'ro'] }]),
      ).rejects.toHaveProperty('code', 'LAYER_TARGET_INVALID');
      writeFileSync(join(upper, 'x'), '');
      await expect(apply([], overlay(upper, lower))).rejects.toHaveProperty('code', 'LAYER_TARGET_INVALID');
    });

    test('stops for an abort with its reason', async () => {
      const reason = new Error('enough');
      const big = gzipSync(await tarOf(folder, [{ name: 'big', text: 'x'.repeat(20_000_000) }]));
      for (const threadThreshold of [0, 1e9]) {
        const controller = new AbortController();
        const applying = applyBytes(folder, big, bind(upper), {
          threadThreshold,
          signal: controller.signal,
          onProgress: () => controller.abort(reason),
        });
        await expect(applying).rejects.toBe(reason);
      }
    });
  });
});
