// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ContentStore, DiffOptions, Mount } from '@img-build/interfaces';
import { createDiffer, TarParser } from '@img-build/layers';
import type { Digest } from '@img-build/oci';
import { createMemoryContentStore } from '@img-build/testkit';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { asRoot } from './support/as-root.ts';
import {
  applyBytes,
  bind,
  describeTree,
  host,
  otherId,
  overlay,
  temporaryFolder,
} from './support/fixture.ts';

const EMPTY_TAR = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

asRoot(import.meta.url, () => {
  let folder: string;
  let lower: string;
  let store: ContentStore;

  beforeEach(() => {
    folder = temporaryFolder();
    lower = join(folder, 'lower');
    mkdirSync(lower);
    store = createMemoryContentStore();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const diff = (from: readonly Mount[], to: readonly Mount[], options: DiffOptions = {}) =>
    createDiffer({ content: store, host }).diff(from, to, { compression: 'uncompressed', ...options });
  const tarNames = async (digest: Digest): Promise<string[]> => {
    const names: string[] = [];
    const parser = new TarParser({
      entry: (header) =>
        names.push(header.type === 'hardlink' ? `${header.name} = ${header.linkName}` : header.name),
      content() {},
      end() {},
    });
    parser.write(Buffer.from(await store.read(digest)));
    parser.end();
    return names;
  };
  const write = (root: string, path: string, text: string, seconds = 1000): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
    utimesSync(join(root, path), seconds, seconds);
  };
  const settle = (root: string, ...paths: readonly string[]): void => {
    for (const path of paths) utimesSync(join(root, path), 500, 500);
  };
  const makeLower = (): string => {
    for (const path of [
      'etc/passwd',
      'etc/group',
      'usr/bin/tool',
      'usr/lib/a.so',
      'usr/lib/b.so',
      'var/log/x',
    ])
      write(lower, path, `${path}\n`);
    write(lower, 'same', 'same');
    settle(lower, 'etc', 'usr', 'usr/bin', 'usr/lib', 'var', 'var/log', '.');
    return lower;
  };
  const copyOfLower = (): string => {
    const copy = join(folder, 'copy');
    spawnSync('cp', ['-a', lower, copy]);
    return copy;
  };

  describe('a differ', () => {
    test('makes the well-known empty layer of no change', async () => {
      makeLower();
      expect((await diff(bind(lower), bind(copyOfLower()))).diffId).toBe(EMPTY_TAR);
      expect((await diff([], bind(folder), { signal: new AbortController().signal })).diffId).not.toBe(
        EMPTY_TAR,
      );
      mkdirSync(join(folder, 'none'));
      expect((await diff([], bind(join(folder, 'none')))).diffId).toBe(EMPTY_TAR);
      expect((await diff(bind(lower), overlay(join(folder, 'none'), lower))).diffId).toBe(EMPTY_TAR);
    });

    test('makes the same layer of an overlay folder and of a changed copy', async () => {
      makeLower();
      const id = otherId(folder);
      const copy = copyOfLower();
      const upper = join(folder, 'upper');
      mkdirSync(upper);
      // In the copy: plain operations. In the upper folder: what overlayfs makes of them.
      write(copy, 'etc/new', 'new');
      rmSync(join(copy, 'etc/group'));
      rmSync(join(copy, 'var'), { recursive: true });
      rmSync(join(copy, 'usr/lib'), { recursive: true });
      write(copy, 'usr/lib/c.so', 'c');
      write(copy, 'usr/lib/a.so', 'usr/lib/a.so\n');
      appendFileSync(join(copy, 'usr/bin/tool'), 'more');
      utimesSync(join(copy, 'usr/bin/tool'), 1000, 1000);
      rmSync(join(copy, 'etc/passwd'));
      symlinkSync('shadow', join(copy, 'etc/passwd'));
      settle(copy, 'etc', 'usr', 'usr/bin', 'usr/lib', '.');

      write(upper, 'etc/new', 'new');
      host.makeNode(join(upper, 'etc/group'), 0o020000, 0, 0);
      host.makeNode(join(upper, 'var'), 0o020000, 0, 0);
      write(upper, 'usr/lib/c.so', 'c');
      write(upper, 'usr/lib/a.so', 'usr/lib/a.so\n');
      host.setXattr(join(upper, 'usr/lib'), 'user.overlay.opaque', Buffer.from('y'));
      host.setXattr(join(upper, 'usr'), 'user.overlay.impure', Buffer.from('y'));
      write(upper, 'usr/bin/tool', 'usr/bin/tool\nmore');
      symlinkSync('shadow', join(upper, 'etc/passwd'));
      write(upper, 'same', 'same');
      host.setXattr(join(upper, 'same'), 'user.overlay.origin', Buffer.from('x'));
      host.makeNode(join(upper, 'never-there'), 0o020000, 0, 0);
      settle(upper, 'etc', 'usr', 'usr/bin', 'usr/lib');
      for (const root of [copy, upper]) {
        spawnSync('chown', ['-h', `${id}:${id}`, join(root, 'etc/passwd')]);
        host.setTimes(
          join(root, 'etc/passwd'),
          { seconds: 3n, nanoseconds: 4 },
          { seconds: 3n, nanoseconds: 4 },
        );
      }

      const native = await diff(bind(lower), bind(copy));
      const fromOverlay = await diff(bind(lower), overlay(upper, lower));
      const fromView = await diff(bind(lower), [
        { type: 'overlay', source: 'overlay', options: [`lowerdir=${upper}:${lower}`] },
      ]);

      expect(await tarNames(native.descriptor.digest)).toEqual([
        'etc/',
        'etc/.wh.group',
        'etc/new',
        'etc/passwd',
        'usr/',
        'usr/bin/',
        'usr/bin/tool',
        'usr/lib/',
        'usr/lib/.wh.b.so',
        'usr/lib/c.so',
        '.wh.var',
      ]);
      expect(await tarNames(fromOverlay.descriptor.digest)).toEqual(await tarNames(native.descriptor.digest));
      expect(fromOverlay).toEqual(native);
      expect(fromView).toEqual(native);
    });

    test('makes a layer that turns the one tree into the other', async () => {
      makeLower();
      const copy = copyOfLower();
      linkSync(join(copy, 'etc/passwd'), join(copy, 'etc/passwd.hard'));
      linkSync(join(copy, 'etc/passwd'), join(copy, 'apple'));
      write(copy, 'deep/er/file', 'x'.repeat(3_000_000));
      chmodSync(join(copy, 'deep/er/file'), 0o4711);
      rmSync(join(copy, 'usr/bin'), { recursive: true });
      writeFileSync(join(copy, 'usr/bin'), 'now a file');
      rmSync(join(copy, 'same'));
      mkdirSync(join(copy, 'same'));
      writeFileSync(join(copy, 'same', 'inner'), '');
      host.setXattr(join(copy, 'same'), 'user.note', Buffer.from([1, 0, 2]));
      host.makeNode(join(copy, 'pipe'), 0o010644, 0, 0);
      renameSync(join(copy, 'var/log'), join(copy, 'var/logs'));
      spawnSync('find', [copy, '-exec', 'touch', '-h', '-d', '@1234', '{}', '+']);
      spawnSync('touch', ['-d', '@500', lower]);
      const layer = await diff(bind(lower), bind(copy), { compression: 'gzip' });

      const again = join(folder, 'again');
      spawnSync('cp', ['-a', lower, again]);
      const bytes = Buffer.from(await store.read(layer.descriptor.digest));
      const { diffId } = await applyBytes(folder, bytes, bind(again), { diffId: layer.diffId });

      expect(diffId).toBe(layer.diffId);
      expect(describeTree(again)).toEqual(describeTree(copy));
    });

    test('tells a new name of an old file as a hardlink', async () => {
      makeLower();
      const copy = copyOfLower();
      linkSync(join(copy, 'same'), join(copy, 'etc/name'));
      const upper = join(folder, 'upper');
      write(upper, 'same', 'same');
      mkdirSync(join(upper, 'etc'));
      linkSync(join(upper, 'same'), join(upper, 'etc/name'));
      settle(copy, 'etc');
      settle(upper, 'etc');

      const native = await diff(bind(lower), bind(copy));

      expect(await tarNames(native.descriptor.digest)).toEqual(['etc/', 'etc/name', 'same = etc/name']);
      expect(await diff(bind(lower), overlay(upper, lower))).toEqual(native);
    });

    test('notices content that changed behind an equal time and size', async () => {
      makeLower();
      const copy = copyOfLower();
      write(copy, 'same', 'SAME');
      settle(copy, '.');

      expect(await tarNames((await diff(bind(lower), bind(copy))).descriptor.digest)).toEqual(['same']);
    });

    test('sees through several lower folders', async () => {
      makeLower();
      const middle = join(folder, 'middle');
      const upper = join(folder, 'upper');
      mkdirSync(join(middle, 'etc'), { recursive: true });
      mkdirSync(join(upper, 'etc'), { recursive: true });
      host.makeNode(join(middle, 'etc/group'), 0o020000, 0, 0);
      write(middle, 'etc/passwd', 'middle');
      host.makeNode(join(upper, 'etc/group'), 0o020000, 0, 0);
      host.makeNode(join(upper, 'etc/passwd'), 0o020000, 0, 0);
      const stack: readonly Mount[] = [
        { type: 'overlay', source: 'overlay', options: [`lowerdir=${middle}:${lower}`] },
      ];

      const layer = await diff(stack, overlay(upper, middle, lower));

      expect(await tarNames(layer.descriptor.digest)).toEqual(['etc/', 'etc/.wh.passwd']);
      const whole = await diff([], stack);
      expect(await tarNames(whole.descriptor.digest)).toEqual([
        'etc/',
        'etc/passwd',
        'same',
        'usr/',
        'usr/bin/',
        'usr/bin/tool',
        'usr/lib/',
        'usr/lib/a.so',
        'usr/lib/b.so',
        'var/',
        'var/log/',
        'var/log/x',
      ]);
    });

    test('leaves sockets out', async () => {
      const server = createServer().listen(join(lower, 'socket'));
      await new Promise((resolve) => server.once('listening', resolve));
      try {
        expect((await diff([], bind(lower))).diffId).toBe(EMPTY_TAR);
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    });

    test('moves late times to the given one', async () => {
      write(lower, 'early', '', 100);
      write(lower, 'late', '', 9000);
      const layer = await diff([], bind(lower), { rewriteTimestamp: 5000 });
      const times: bigint[] = [];
      const parser = new TarParser({
        entry: (header) => times.push(header.modified.seconds),
        content() {},
        end() {},
      });
      parser.write(Buffer.from(await store.read(layer.descriptor.digest)));

      expect(times).toEqual([100n, 5000n]);
    });

    test.each<[DiffOptions, string]>([
      [{ compression: 'gzip' }, 'application/vnd.oci.image.layer.v1.tar+gzip'],
      [{ compression: 'zstd' }, 'application/vnd.oci.image.layer.v1.tar+zstd'],
      [{ compression: 'gzip', mediaTypes: 'docker' }, 'application/vnd.docker.image.rootfs.diff.tar.gzip'],
    ])(
      'packs with %j so that the standard program reads it, the same every time',
      async (options, mediaType) => {
        for (let index = 0; index < 7; index++) write(lower, `file${index}`, `${index} `.repeat(700_000));
        const plain = await diff([], bind(lower));
        const first = await diff([], bind(lower), options);
        const second = await diff([], bind(lower), options);

        expect(first).toEqual(second);
        expect(first.descriptor.mediaType).toBe(mediaType);
        expect(first.diffId).toBe(plain.diffId);
        const packed = Buffer.from(await store.read(first.descriptor.digest));
        const program = options.compression === 'zstd' ? 'zstd' : 'gzip';
        const unpacked = spawnSync(program, ['-dc'], { input: packed, maxBuffer: 1e9 }).stdout;
        expect(unpacked.equals(Buffer.from(await store.read(plain.descriptor.digest)))).toBe(true);
        if (program === 'gzip') {
          expect(packed.subarray(0, 10).toString('hex')).toBe('1f8b08000000000000ff');
          expect(gunzipSync(packed)).toHaveLength(unpacked.length);
        }
      },
    );

    test('writes nothing but plain ustar where that is enough', async () => {
      write(lower, 'file', 'x');
      const { descriptor } = await diff([], bind(lower));
      const tar = Buffer.from(await store.read(descriptor.digest));

      expect(tar).toHaveLength(2048);
      expect(tar.toString('latin1', 0, 345).replace(/\0+/g, '|')).toMatch(
        /^file\|0000644\|0000000\|0000000\|00000000001\|00000001750\|[0-7]{6}\| 0\|ustar\|00\|0000000\|0000000\|$/,
      );
    });

    test('ends for an abort with its reason', async () => {
      write(lower, 'file', 'x'.repeat(5_000_000));
      const controller = new AbortController();
      const reason = new Error('enough');
      await expect(
        diff([], bind(lower), { signal: controller.signal, onProgress: () => controller.abort(reason) }),
      ).rejects.toBe(reason);
    });
  });
});
