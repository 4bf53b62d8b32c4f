// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isToolError } from '@img-build/errors';
import { type ExtractOptions, extractArchive, isTarArchive, packTree } from '@img-build/layers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { asRoot } from './support/as-root.ts';
import { describeTree, host, otherId, type Part, tarOf, temporaryFolder } from './support/fixture.ts';

asRoot(import.meta.url, () => {
  let folder: string;
  let root: string;

  beforeEach(() => {
    folder = temporaryFolder();
    root = join(folder, 'root');
    mkdirSync(root);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  const extract = async (parts: readonly Part[], options: Partial<ExtractOptions> = {}) =>
    extractArchive(once(await tarOf(folder, parts)), { host, root, ...options });
  const makeTree = (): string => {
    const tree = join(folder, 'tree');
    mkdirSync(join(tree, 'a/b'), { recursive: true });
    writeFileSync(join(tree, 'a/b/file'), 'x'.repeat(300_000));
    writeFileSync(join(tree, `${'long'.repeat(40)}`), 'long');
    symlinkSync('b/file', join(tree, 'a/link'));
    spawnSync('chmod', ['0555', join(tree, 'a/b')]);
    host.setTimes(
      join(tree, 'a/b'),
      { seconds: 77n, nanoseconds: 123_456_789 },
      { seconds: 77n, nanoseconds: 123_456_789 },
    );
    return tree;
  };

  describe('an archive', () => {
    test.each(['', '--gzip', '--zstd', '--bzip2', '--xz'])(
      'made by tar %s is recognised and unpacked',
      async (flag) => {
        const tree = makeTree();
        const file = join(folder, 'a.tar');
        spawnSync('tar', ['--format=pax', '-cf', file, ...(flag === '' ? [] : [flag]), '-C', tree, '.']);

        expect(await isTarArchive(file)).toBe(true);
        await extractArchive(file, { host, root });

        expect(describeTree(root)).toEqual(describeTree(tree));
      },
    );

    test('goes where it is told, with the owner and time it is told', async () => {
      const id = otherId(folder);
      await extract([{ name: 'd/' }, { name: 'd/f', text: 'f' }, { name: 'e/g', text: 'g' }], {
        destination: '/opt/../srv/app',
        owner: { uid: id, gid: id },
        modified: { seconds: 42n, nanoseconds: 0 },
      });

      for (const path of ['srv/app/d', 'srv/app/d/f', 'srv/app/e', 'srv/app/e/g'])
        expect(lstatSync(join(root, path)).uid).toBe(id);
      for (const path of ['srv/app/d', 'srv/app/d/f', 'srv/app/e/g'])
        expect(lstatSync(join(root, path)).mtimeMs).toBe(42_000);
    });

    test('merges into a tree that is there, and replaces what is in the way', async () => {
      mkdirSync(join(root, 'd/sub'), { recursive: true });
      writeFileSync(join(root, 'd/old'), 'old');
      writeFileSync(join(root, 'd/sub/deep'), 'deep');
      writeFileSync(join(root, 'f'), 'old');
      symlinkSync('d', join(root, 'l'));

      await extract([
        { name: 'd/' },
        { name: 'd/sub', text: 'a file now' },
        { name: 'f/' },
        { name: 'f/x', text: '' },
        { name: 'l/through', text: 'in d' },
      ]);

      expect(readFileSync(join(root, 'd/old'), 'utf8')).toBe('old');
      expect(readFileSync(join(root, 'd/sub'), 'utf8')).toBe('a file now');
      expect(readFileSync(join(root, 'd/through'), 'utf8')).toBe('in d');
      expect(lstatSync(join(root, 'f/x')).isFile()).toBe(true);
    });

    test('resolves symlinks as if the tree were all there is', async () => {
      mkdirSync(join(root, 'usr/lib'), { recursive: true });
      symlinkSync('/usr/lib', join(root, 'lib'));
      await extract([
        { name: 'lib/x', text: 'x' },
        { name: 'lib/y', type: 'hardlink', linkName: 'lib/x' },
      ]);

      expect(readFileSync(join(root, 'usr/lib/y'), 'utf8')).toBe('x');
      expect(readlinkSync(join(root, 'lib'))).toBe('/usr/lib');
    });

    test.each<[string, readonly Part[]]>([
      ['dots', [{ name: '../../victim', text: 'evil' }]],
      [
        'a symlink of its own',
        [
          { name: 'out', type: 'symlink', linkName: '../..' },
          { name: 'out/victim', text: 'evil' },
        ],
      ],
      ['a symlink of the tree', [{ name: 'trap/victim', text: 'evil' }]],
      [
        'a hardlink',
        [
          { name: 'hard', type: 'hardlink', linkName: 'trap/victim' },
          { name: 'hard', text: 'evil' },
        ],
      ],
      [
        'a symlink in place of the file',
        [
          { name: 'v', type: 'symlink', linkName: '../victim' },
          { name: 'v', text: 'evil' },
        ],
      ],
    ])('cannot reach the outside by %s', async (_name, parts) => {
      writeFileSync(join(folder, 'victim'), 'safe');
      symlinkSync(folder, join(root, 'trap'));
      await extract(parts).catch((error: unknown) => expect(isToolError(error, 'LAYER_INVALID')).toBe(true));

      expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('safe');
    });

    test('that is damaged or no archive is refused', async () => {
      const file = join(folder, 'file');
      for (const bytes of [
        Buffer.alloc(3000, 'text'),
        Buffer.from('BZh9 not really'),
        Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]),
      ]) {
        writeFileSync(file, bytes);
        expect(await isTarArchive(file)).toBe(false);
        await expect(extractArchive(file, { host, root })).rejects.toHaveProperty('code', 'LAYER_INVALID');
      }
      writeFileSync(file, '');
      expect(await isTarArchive(file)).toBe(false);
    });

    test('stops for an abort with its reason', async () => {
      const reason = new Error('enough');
      await expect(extract([], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });
  });

  describe('a packed tree', () => {
    test('is what GNU tar unpacks to the same tree', async () => {
      const tree = makeTree();
      const chunks: Buffer[] = [];
      for await (const chunk of packTree(tree, { host, subsecond: true })) chunks.push(chunk);
      const result = spawnSync('tar', ['--xattrs', '-xpf', '-', '-C', root], {
        input: Buffer.concat(chunks),
      });

      expect(result.stderr.toString()).toBe('');
      expect(describeTree(root)).toEqual(describeTree(tree));
    });

    test('has the time, the owner and the paths it is told', async () => {
      const tree = makeTree();
      const chunks: Buffer[] = [];
      for await (const chunk of packTree(tree, {
        host,
        epoch: 99,
        owner: { uid: 7, gid: 8 },
        filter: (path) => path !== 'a/b',
      }))
        chunks.push(chunk);
      const listing = spawnSync('tar', ['--numeric-owner', '--utc', '-tvf', '-'], {
        input: Buffer.concat(chunks),
      }).stdout.toString();

      expect(
        listing
          .split('\n')
          .slice(0, 3)
          .map((line) => line.split(/\s+/).slice(1).join(' ')),
      ).toEqual([
        '7/8 0 1970-01-01 00:01 a/',
        '7/8 0 1970-01-01 00:01 a/link -> b/file',
        `7/8 4 1970-01-01 00:01 ${'long'.repeat(40)}`,
      ]);
    });
  });
});
