// SPDX-License-Identifier: MIT
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type HandmadeEntry, handmadeImage, manifestOf, upload } from '../support/handmade-image.ts';
import { refusalOf } from '../support/refusal.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { identities, registry } = testRun();

/** Layers that try to write to `outside`; none may. */
const ESCAPES: readonly {
  readonly name: string;
  readonly layers: (outside: string) => readonly (readonly HandmadeEntry[])[];
}[] = [
  {
    name: 'dot-dot',
    layers: (outside) => [[{ path: `${'../'.repeat(30)}${outside.slice(1)}/pwned`, content: 'x' }]],
  },
  {
    name: 'dot-dot-inside',
    layers: (outside) => [[{ path: `a/${'../'.repeat(30)}${outside.slice(1)}/pwned`, content: 'x' }]],
  },
  { name: 'absolute', layers: (outside) => [[{ path: `${outside}/pwned`, content: 'x' }]] },
  {
    name: 'symlink',
    layers: (outside) => [
      [
        { path: 'link', type: '2', target: outside },
        { path: 'link/pwned', content: 'x' },
      ],
    ],
  },
  {
    name: 'symlink-of-a-layer-below',
    layers: (outside) => [
      [{ path: 'link', type: '2', target: outside }],
      [{ path: 'link/pwned', content: 'x' }],
    ],
  },
  {
    name: 'relative-symlink',
    layers: (outside) => [
      [
        { path: 'link', type: '2', target: `${'../'.repeat(30)}${outside.slice(1)}` },
        { path: 'link/pwned', content: 'x' },
      ],
    ],
  },
  {
    name: 'hardlink',
    layers: (outside) => [
      [
        { path: 'alias', type: '1', target: `${outside}/precious` },
        { path: 'alias', content: 'overwritten' },
      ],
    ],
  },
  {
    name: 'dot-dot-hardlink',
    layers: (outside) => [
      [{ path: 'alias', type: '1', target: `${'../'.repeat(30)}${outside.slice(1)}/precious` }],
    ],
  },
  {
    name: 'hardlink-by-symlink',
    layers: (outside) => [
      [
        { path: 'link', type: '2', target: outside },
        { path: 'alias', type: '1', target: 'link/precious' },
      ],
    ],
  },
  {
    name: 'whiteout-by-symlink',
    layers: (outside) => [[{ path: 'link', type: '2', target: outside }], [{ path: 'link/.wh.precious' }]],
  },
  {
    name: 'opaque-by-symlink',
    layers: (outside) => [[{ path: 'link', type: '2', target: outside }], [{ path: 'link/.wh..wh..opq' }]],
  },
  {
    name: 'dot-dot-whiteout',
    layers: (outside) => [[{ path: `${'../'.repeat(30)}${outside.slice(1)}/.wh.precious` }]],
  },
  { name: 'whiteout-of-dot-dot', layers: () => [[{ path: 'a/.wh...', content: '' }]] },
];

describe.each(identities)('layers made to do harm, as $kind', (identity) => {
  let work: Workspace;
  let outside: string;

  beforeAll(() => {
    work = openWorkspace(identity);
    work.write({ 'outside/precious': 'untouched' });
    outside = join(work.folder, 'outside');
  });

  afterAll(() => {
    work.remove();
  });

  test.each(ESCAPES)('$name stays in the root file system or is refused', async ({ name, layers }) => {
    const image = `${registry}/hostile/${identity.kind}-${name}:1`;
    await upload(image, handmadeImage(layers(outside)));
    const target = join(work.folder, `rootfs-${name}`);
    const context = work.context({ Dockerfile: `FROM ${image}\nCOPY Dockerfile /\n` });

    await work.ok(['pull', image]);
    const results = [
      await work.img(['unpack', '-o', target, image]),
      await work.img(['build', '-o', `type=tar,dest=${target}.tar`, context]),
    ];

    for (const result of results) {
      expect([0, 1]).toContain(result.code);
      expect(refusalOf(result).stack).toEqual([]);
      if (result.code === 1) expect(refusalOf(result).cause).toMatch(/\S/);
    }
    expect(readdirSync(outside)).toEqual(['precious']);
    expect(readFileSync(join(outside, 'precious'), 'utf8')).toBe('untouched');
    expect(lstatSync(join(outside, 'precious')).nlink).toBe(1);
  });

  test('an absolute path lands inside', async () => {
    const image = `${registry}/hostile/${identity.kind}-inside:1`;
    await upload(image, handmadeImage([[{ path: '/etc/inside', content: 'here' }]]));
    const target = join(work.folder, 'rootfs-inside');

    await work.ok(['pull', image]);
    await work.ok(['unpack', '-o', target, image]);

    expect(readFileSync(join(target, 'etc/inside'), 'utf8')).toBe('here');
  });

  test('whiteouts of nothing and device nodes do no harm', async () => {
    const image = `${registry}/hostile/${identity.kind}-odd:1`;
    await upload(
      image,
      handmadeImage([
        [
          { path: 'keep', content: 'k' },
          { path: 'disk', type: '4' },
          { path: 'null', type: '3' },
          { path: 'pipe', type: '6' },
        ],
        [
          { path: '.wh.nothing' },
          { path: 'no/such/.wh.folder' },
          { path: '.wh.' },
          { path: '.wh..wh.aufs' },
          { path: 'own/', type: '5', mode: 0o755 },
          { path: 'own/.wh..wh..opq' },
        ],
      ]),
    );
    const target = join(work.folder, 'rootfs-odd');

    await work.ok(['pull', image]);
    await work.ok(['unpack', '-o', target, image]);

    expect(readFileSync(join(target, 'keep'), 'utf8')).toBe('k');
    expect(existsSync(join(target, 'own'))).toBe(true);
    const names = readdirSync(target, { recursive: true }).map(String);
    expect(names.filter((name) => name.includes('.wh.'))).toEqual([]);
    expect(names.some((name) => name.includes('nothing'))).toBe(false);
  });

  test('unpacking does not follow a symlink that stands where it writes', async () => {
    const image = `${registry}/hostile/${identity.kind}-plain:1`;
    await upload(
      image,
      handmadeImage([
        [
          { path: 'a/', type: '5', mode: 0o755 },
          { path: 'a/precious', content: 'new' },
          { path: 'a/l', type: '2', target: '/etc' },
        ],
      ]),
    );
    await work.ok(['pull', image]);
    const existing = join(work.folder, 'existing');
    mkdirSync(existing);
    writeFileSync(join(existing, 'mine'), 'mine');

    const refused = await work.img(['unpack', '-o', existing, image]);

    expect(refusalOf(refused)).toEqual({
      code: 1,
      cause: `unpack directory ${existing} already exists`,
      hint: expect.stringContaining('--output'),
      stack: [],
    });
    expect(readdirSync(existing)).toEqual(['mine']);
    const target = join(work.folder, 'rootfs-plain');
    await work.ok(['unpack', '-o', target, image]);
    expect(readlinkSync(join(target, 'a/l'))).toBe('/etc');
  });

  test('a layer whose content is not what the config promises is refused', async () => {
    const image = handmadeImage([[{ path: 'a', content: 'a' }]]);
    const other = handmadeImage([[{ path: 'b', content: 'b' }]]);
    const name = `${registry}/hostile/${identity.kind}-diffid:1`;
    await upload(name, {
      config: image.config,
      layers: other.layers,
      manifest: manifestOf(image.config, other.layers),
    });
    await work.img(['pull', name]);
    const target = join(work.folder, 'rootfs-diffid');

    const result = await work.img([
      'build',
      '-o',
      `type=local,dest=${target}`,
      work.context({ Dockerfile: `FROM ${name}\nCOPY Dockerfile /\n` }),
    ]);

    expect(refusalOf(result)).toMatchObject({ code: 1, cause: expect.stringMatching(/sha256:/), stack: [] });
    expect(existsSync(join(target, 'b'))).toBe(false);
  });
});
