// SPDX-License-Identifier: MIT
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isToolError } from '@img-build/errors';
import type { Mount } from '@img-build/interfaces';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { asRoot } from './support/as-root.ts';
import { applyBytes, bind, host, overlay, type Part, tarOf, temporaryFolder } from './support/fixture.ts';

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

  describe('a hostile layer', () => {
    test.each<[string, readonly Part[]]>([
      [
        'dots',
        [
          { name: '../../victim', text: 'evil' },
          { name: 'a/../../victim', text: 'evil' },
          { name: '/../victim', text: 'evil' },
        ],
      ],
      [
        'a symlink to the outside',
        [
          { name: 'out', type: 'symlink', linkName: '../' },
          { name: 'out/victim', text: 'evil' },
        ],
      ],
      [
        'an absolute symlink',
        [
          { name: 'out', type: 'symlink', linkName: 'FOLDER' },
          { name: 'out/victim', text: 'evil' },
        ],
      ],
      [
        'a hardlink to the outside',
        [
          { name: 'victim', type: 'symlink', linkName: 'FOLDER/victim' },
          { name: 'hard', type: 'hardlink', linkName: 'victim' },
          { name: 'hard', text: 'evil' },
        ],
      ],
      [
        'a folder swapped for a symlink',
        [{ name: 'd/' }, { name: 'd', type: 'symlink', linkName: '..' }, { name: 'd/victim', text: 'evil' }],
      ],
      [
        'a whiteout through a symlink',
        [
          { name: 'out', type: 'symlink', linkName: '..' },
          { name: 'out/.wh.victim' },
          { name: 'out/.wh..wh..opq' },
        ],
      ],
      [
        'a file written through a symlink',
        [
          { name: 'victim', type: 'symlink', linkName: '../victim' },
          { name: 'victim', text: 'evil' },
        ],
      ],
      [
        'a chain of symlinks',
        [
          { name: 'a', type: 'symlink', linkName: 'b' },
          { name: 'b', type: 'symlink', linkName: '../..' },
          { name: 'a/victim', text: 'evil' },
        ],
      ],
    ])('with %s touches nothing outside', async (_name, parts) => {
      const victim = join(folder, 'victim');
      writeFileSync(victim, 'safe');
      const real = parts.map((part) => ({
        ...part,
        ...(part.linkName === undefined ? {} : { linkName: part.linkName.replace('FOLDER', folder) }),
      }));
      for (const mounts of [bind(upper), overlay(join(folder, 'upper2'), lower)]) {
        mkdirSync(join(folder, 'upper2'), { recursive: true });
        await apply(real, mounts).catch((error: unknown) =>
          expect(isToolError(error, 'LAYER_INVALID')).toBe(true),
        );
        expect(readFileSync(victim, 'utf8')).toBe('safe');
      }
      // And again into what is there by now: a copy that already holds the symlinks.
      await apply(real, bind(upper)).catch((error: unknown) =>
        expect(isToolError(error, 'LAYER_INVALID')).toBe(true),
      );
      expect(readFileSync(victim, 'utf8')).toBe('safe');
    });

    test('puts a file behind a symlink where the symlink leads, inside', async () => {
      await apply([
        { name: 'usr/lib/' },
        { name: 'lib', type: 'symlink', linkName: '/usr/lib' },
        { name: 'lib/x', text: 'x' },
      ]);

      expect(readFileSync(join(upper, 'usr/lib/x'), 'utf8')).toBe('x');
      expect(lstatSync(join(upper, 'lib')).isSymbolicLink()).toBe(true);
    });

    test('ends for symlinks in a circle', async () => {
      const circle: Part[] = [
        { name: 'a', type: 'symlink', linkName: 'b' },
        { name: 'b', type: 'symlink', linkName: 'a' },
        { name: 'a/x', text: '' },
      ];
      await expect(apply(circle)).rejects.toHaveProperty('code', 'LAYER_INVALID');
    });

    test('lets the last of several entries for one path win', async () => {
      await apply([
        { name: 'p', text: 'file' },
        { name: 'p/' },
        { name: 'p/q', text: 'q' },
        { name: 'p', type: 'symlink', linkName: 'x' },
        { name: 'p', text: 'last' },
      ]);
      expect(readFileSync(join(upper, 'p'), 'utf8')).toBe('last');
    });

    test('cannot smuggle overlay marks', async () => {
      const warnings: string[] = [];
      writeFileSync(join(lower, 'kept'), '');
      const marks = new Map(
        ['user.overlay.redirect', 'trusted.overlay.opaque', 'user.fuseoverlayfs.opaque'].map((name) => [
          name,
          Buffer.from('y'),
        ]),
      );
      await apply(
        [
          { name: 'd/', xattrs: marks },
          { name: 'kept', type: 'character-device' },
        ],
        overlay(upper, lower),
        { onWarning: (text) => warnings.push(text) },
      );

      expect(host.listXattr(join(upper, 'd')).filter((name) => name.includes('overlay'))).toEqual([]);
      expect(existsSync(join(upper, 'kept'))).toBe(false);
      expect(warnings).toEqual([expect.stringContaining('kept: character device 0:0 left out')]);
    });

    test.each<[string, object, readonly Part[]]>([
      [
        'bytes',
        { bytes: 10 },
        [
          { name: 'a', text: '12345' },
          { name: 'b', text: '678901' },
        ],
      ],
      ['entries', { entries: 2 }, [{ name: 'a' }, { name: 'b' }, { name: 'c' }]],
    ])('with too many %s is refused', async (_name, limits, parts) => {
      await expect(apply(parts, bind(upper), { limits })).rejects.toHaveProperty('code', 'LAYER_TOO_LARGE');
    });
  });
});
