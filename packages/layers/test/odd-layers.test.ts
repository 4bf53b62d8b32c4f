// SPDX-License-Identifier: MIT
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { isSystemError } from '@img-build/errors';
import type { HostCalls } from '@img-build/interfaces';
import { canonicalDigest } from '@img-build/oci';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { asRoot } from './support/as-root.ts';
import { applyBytes, bind, host, type Part, tarOf, temporaryFolder } from './support/fixture.ts';

asRoot(import.meta.url, () => {
  let folder: string;
  let upper: string;

  beforeEach(() => {
    folder = temporaryFolder();
    upper = join(folder, 'upper');
    mkdirSync(upper);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const apply = async (parts: readonly Part[], options: Parameters<typeof applyBytes>[3] = {}) =>
    await applyBytes(folder, await tarOf(folder, parts), bind(upper), options);

  describe.each([0, 1e9])('a layer, from %d bytes on in a thread,', (threadThreshold) => {
    test('is named with what is wrong with it', async () => {
      const packed = gzipSync(await tarOf(folder, [{ name: 'a', text: 'a' }]));
      const wrongSum = Buffer.from(packed);
      wrongSum[packed.length - 8] = (wrongSum[packed.length - 8] ?? 0) ^ 1;
      const refusal = async (bytes: Buffer, options: object = {}) =>
        await applyBytes(folder, bytes, bind(upper), { threadThreshold, ...options }).then(
          () => 'applied',
          ({ code, message }: { code: string; message: string }) => `${code} ${message}`,
        );

      for (const bytes of [packed.subarray(0, -5), Buffer.concat([packed, Buffer.from('x')]), wrongSum])
        expect(await refusal(bytes)).toMatch(`LAYER_INVALID layer ${canonicalDigest(bytes)} is damaged: `);
      for (const type of ['tar+br', 'tar+gzip+encrypted']) {
        const mediaType = `application/vnd.oci.image.layer.v1.${type}`;
        expect(await refusal(packed, { mediaType })).toBe(
          `LAYER_UNSUPPORTED layer ${canonicalDigest(packed)}: has the media type ${mediaType}, which is not a layer this program can unpack`,
        );
      }
    });

    test('is unpacked as what it is, and warned of when its type says something else', async () => {
      const tar = await tarOf(folder, [{ name: 'a', text: 'a' }]);
      const diffId = canonicalDigest(tar);
      for (const [type, packed, found] of [
        ['tar+zstd', gzipSync(tar), 'has the packing gzip, its type says zstd'],
        ['tar+gzip', zstdCompressSync(tar), 'has the packing zstd, its type says gzip'],
        ['tar', gzipSync(tar), 'has the packing gzip, its type says none'],
        ['tar+gzip', tar, 'has the packing none, its type says gzip'],
        ['tar+gzip', gzipSync(tar), undefined],
        ['tar', tar, undefined],
      ] as const) {
        const warnings: string[] = [];
        const root = join(folder, `root-${type}-${found}`);
        mkdirSync(root);
        const options = {
          threadThreshold,
          mediaType: `application/vnd.oci.image.layer.v1.${type}`,
          onWarning: (text: string) => warnings.push(text),
        };

        expect((await applyBytes(folder, packed, bind(root), { ...options, diffId })).diffId).toBe(diffId);
        expect(warnings).toEqual(found === undefined ? [] : [`layer ${canonicalDigest(packed)} ${found}`]);
        expect(readFileSync(join(root, 'a'), 'utf8')).toBe('a');
        await expect(
          applyBytes(folder, packed, bind(root), { ...options, diffId: canonicalDigest('other') }),
        ).rejects.toHaveProperty('code', 'LAYER_DIFF_ID_MISMATCH');
      }
    });
  });

  test('a layer that swells without end is given up in the middle', async () => {
    const swelling = 64 * 1024 * 1024;
    // Ignored, so that nothing is written; without its end the tar goes on.
    const tar = await tarOf(folder, [{ name: '.wh..wh.plnk/x', text: 'x'.repeat(swelling) }]);
    const frame = zstdCompressSync(tar.subarray(0, -1024));
    const times = 2 + 1024 ** 3 / swelling;

    await expect(
      applyBytes(folder, Buffer.concat(Array.from({ length: times }, () => frame)), bind(upper)),
    ).rejects.toMatchObject({
      code: 'LAYER_TOO_LARGE',
      message: expect.stringContaining('more than 2000 times its size'),
    });
  });

  describe('what this machine cannot keep', () => {
    const without = (refused: Partial<HostCalls>): HostCalls => ({ ...host, ...refused });
    const systemError = (code: string): Error => Object.assign(new Error(`${code}: no`), { code });

    test('is left out and told: devices and extended attributes', async () => {
      const warnings: string[] = [];
      await apply(
        [
          {
            name: 'tool',
            text: 'x',
            mode: 0o4755,
            xattrs: new Map([
              [
                'security.capability',
                Buffer.from([1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
              ],
              ['trusted.note', Buffer.from('n')],
              ['user.note', Buffer.from('kept')],
            ]),
          },
          { name: 'disk', type: 'block-device', deviceMajor: 8, deviceMinor: 1 },
          { name: 'tty', type: 'character-device', deviceMajor: 5, deviceMinor: 0 },
          { name: 'pipe', type: 'fifo' },
        ],
        {
          onWarning: (text) => warnings.push(text),
          host: without({
            makeNode: (path, mode, major, minor) => {
              if ((mode & 0o170000) !== 0o010000) throw systemError('EPERM');
              host.makeNode(path, mode, major, minor);
            },
            setXattr: (path, name, value) => {
              if (!name.startsWith('user.')) throw systemError('EPERM');
              host.setXattr(path, name, value);
            },
          }),
        },
      );

      expect(warnings).toEqual([
        expect.stringMatching(/tool: extended attribute security\.capability left out: /),
        expect.stringMatching(/tool: extended attribute trusted\.note left out: /),
        expect.stringMatching(/^disk: device left out: /),
        expect.stringMatching(/^tty: device left out: /),
      ]);
      expect(lstatSync(join(upper, 'tool')).mode & 0o7777).toBe(0o4755);
      expect(Buffer.from(host.getXattr(join(upper, 'tool'), 'user.note') ?? []).toString()).toBe('kept');
      expect([existsSync(join(upper, 'disk')), existsSync(join(upper, 'tty'))]).toEqual([false, false]);
      expect(lstatSync(join(upper, 'pipe')).isFIFO()).toBe(true);
    });

    test('of capabilities and devices is kept where it can be', async () => {
      const capability = Buffer.from([1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      const warnings: string[] = [];
      await apply(
        [
          { name: 'tool', text: 'x', xattrs: new Map([['security.capability', capability]]) },
          { name: 'tty', type: 'character-device', deviceMajor: 5, deviceMinor: 0, mode: 0o620 },
        ],
        { onWarning: (text) => warnings.push(text) },
      );

      // A user namespace may set capabilities, and make no devices.
      const kept = host.getXattr(join(upper, 'tool'), 'security.capability');
      expect(Buffer.from(kept ?? []).subarray(4, 20)).toEqual(capability.subarray(4, 20));
      expect(existsSync(join(upper, 'tty')) || warnings.some((text) => text.startsWith('tty: device'))).toBe(
        true,
      );
    });

    test('of owners is an error that says what the user needs', async () => {
      const mapped = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/);
      const all = mapped.length === 3 && Number(mapped[2]) > 4_000_000_000;
      const uid = all ? 70_000 : 3_000_000_000;
      const applying = apply([{ name: 'f', text: 'f', uid, gid: uid }]);

      if (all) {
        await applying;
        expect(lstatSync(join(upper, 'f')).uid).toBe(uid);
      } else {
        await expect(applying).rejects.toMatchObject({
          code: 'LAYER_UNSUPPORTED',
          message: expect.stringContaining(`f belongs to ${uid}:${uid}, which has no counterpart`),
          hint: expect.stringContaining('/etc/subuid'),
        });
      }
    });

    test('of names is kept byte by byte', async () => {
      const name = Buffer.from([0x66, 0xff, 0xfe, 0x0a, 0x5c, 0x41]).toString('latin1');
      await apply([
        { name, text: 'odd' },
        { name: `${'deep/'.repeat(60)}${name}`, text: 'deep' },
      ]);

      const path = Buffer.concat([Buffer.from(`${upper}/`), Buffer.from(name, 'latin1')]);
      expect(readFileSync(path, 'utf8')).toBe('odd');
    });
  });

  test('a full disk is told with the way out', async () => {
    const full = (): never => {
      throw Object.assign(new Error('ENOSPC: no space left on device, futimes'), { code: 'ENOSPC' });
    };
    const error: unknown = await apply([{ name: 'f', text: 'f' }], {
      host: { ...host, setTimes: full },
    }).catch((caught: unknown) => caught);

    expect(isSystemError(error)).toBe(false);
    expect(error).toMatchObject({
      code: 'LAYER_NO_SPACE',
      message: expect.stringMatching(/^no space left to unpack layer sha256:/),
      hint: expect.stringContaining('img prune'),
    });
  });
});
