// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isToolError } from '@img-build/errors';
import type { Mount } from '@img-build/interfaces';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { asRoot } from './support/as-root.ts';
import {
  applyBytes,
  bind,
  host,
  overlay,
  type Part,
  pathsOf,
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

  describe('whiteouts', () => {
    const makeLower = (): string => {
      mkdirSync(join(lower, 'd/sub'), { recursive: true });
      for (const name of ['d/a', 'd/b', 'd/sub/x', 'file']) writeFileSync(join(lower, name), name);
      const copy = join(folder, 'copy');
      spawnSync('cp', ['-a', lower, copy]);
      return copy;
    };
    /** Paths of the lower tree and of an upper folder on top of it, as overlayfs shows them. */
    const merged = (): string[] => {
      const visible = new Set(existsSync(lower) ? pathsOf(lower) : []);
      for (const path of pathsOf(upper)) {
        const stat = lstatSync(join(upper, path), { bigint: true });
        const opaque =
          stat.isDirectory() && host.getXattr(join(upper, path), 'user.overlay.opaque') !== undefined;
        if (!stat.isDirectory() || opaque)
          for (const below of [...visible])
            if (below === path || below.startsWith(`${path}/`)) visible.delete(below);
      }
      for (const path of pathsOf(upper))
        if (!lstatSync(join(upper, path)).isCharacterDevice()) visible.add(path);
      return [...visible].sort();
    };

    test.each<[string, readonly Part[], readonly string[]]>([
      ['a file', [{ name: 'd/.wh.a' }], ['d', 'd/b', 'd/sub', 'd/sub/x', 'file']],
      ['a folder', [{ name: '.wh.d' }], ['file']],
      [
        'nothing',
        [{ name: 'd/.wh.nothing' }, { name: 'no/such/.wh.file' }, { name: 'file/.wh.x' }],
        ['d', 'd/a', 'd/b', 'd/sub', 'd/sub/x', 'file'],
      ],
      [
        'a file added before',
        [{ name: 'd/a', text: 'new' }, { name: 'd/.wh.a' }],
        ['d', 'd/a', 'd/b', 'd/sub', 'd/sub/x', 'file'],
      ],
      [
        'a file added after',
        [{ name: 'd/.wh.a' }, { name: 'd/a', text: 'new' }],
        ['d', 'd/a', 'd/b', 'd/sub', 'd/sub/x', 'file'],
      ],
      [
        'a folder made again after',
        [{ name: '.wh.d' }, { name: 'd/' }, { name: 'd/new', text: '' }],
        ['d', 'd/new', 'file'],
      ],
      [
        'a folder made again before',
        [{ name: 'd/' }, { name: 'd/new', text: '' }, { name: '.wh.d' }],
        ['d', 'd/new', 'file'],
      ],
      [
        'a folder filled after',
        [{ name: '.wh.d' }, { name: 'd/sub/new', text: '' }],
        ['d', 'd/sub', 'd/sub/new', 'file'],
      ],
      [
        'all of a folder, marked first',
        [{ name: 'd/' }, { name: 'd/.wh..wh..opq' }, { name: 'd/new', text: '' }],
        ['d', 'd/new', 'file'],
      ],
      [
        'all of a folder, marked last',
        [{ name: 'd/new', text: '' }, { name: 'd/sub/y', text: '' }, { name: 'd/.wh..wh..opq' }],
        ['d', 'd/new', 'd/sub', 'd/sub/y', 'file'],
      ],
      [
        'a folder and a part of it',
        [{ name: 'd/.wh.a' }, { name: '.wh.d' }, { name: 'd/sub/.wh.x' }],
        ['file'],
      ],
      [
        'aufs internals',
        [
          { name: '.wh..wh.aufs' },
          { name: '.wh..wh.plnk/' },
          { name: '.wh..wh.plnk/1.2', text: '' },
          { name: 'd/.wh.' },
        ],
        ['d', 'd/a', 'd/b', 'd/sub', 'd/sub/x', 'file'],
      ],
      [
        'a folder replaced by a file and by a folder',
        [{ name: 'd', text: '' }, { name: 'd/' }, { name: 'd/new', text: '' }],
        ['d', 'd/new', 'file'],
      ],
    ])('of %s leave the same on overlay and in a copy', async (_name, parts, expected) => {
      const copy = makeLower();

      await apply(parts, overlay(upper, lower));
      await apply(parts, bind(copy));

      expect(pathsOf(copy).sort()).toEqual([...expected]);
      expect(merged()).toEqual([...expected]);
    });

    test.each(['.wh..', 'd/.wh...'])('refuse %s', async (name) => {
      await expect(apply([{ name }], overlay(upper, lower))).rejects.toHaveProperty('code', 'LAYER_INVALID');
    });

    test('use the marks of the mount', async () => {
      makeLower();
      const [mount] = overlay(upper, lower);
      const trusted = [
        { ...(mount as Mount), options: (mount as Mount).options.filter((option) => option !== 'userxattr') },
      ];
      const result = await apply([{ name: 'd/' }, { name: 'd/.wh..wh..opq' }], trusted).catch(
        (error: unknown) => error,
      );

      // Outside of a user namespace only.
      if (isToolError(result) || (result as { code?: string }).code === 'EPERM') return;
      expect(Buffer.from(host.getXattr(join(upper, 'd'), 'trusted.overlay.opaque') ?? []).toString()).toBe(
        'y',
      );
    });
  });
});
