// SPDX-License-Identifier: MIT
import type { CacheRecord, ImageRecord } from '@img-build/interfaces';
import { type Digest, MEDIA_TYPES, parseReference } from '@img-build/oci';
import { expect, test } from '@jest/globals';
import { createMountSources } from '../../src/wiring/mount-sources.ts';

const digest = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const [LAYER, MANIFEST, INDEX, OTHER] = [digest('1'), digest('2'), digest('3'), digest('4')];

function record(id: string, remote: string | undefined, layer = LAYER): CacheRecord {
  const descriptor = { mediaType: MEDIA_TYPES.ociLayerGzip, digest: layer, size: 1 };
  return {
    id,
    type: 'regular',
    description: '',
    remote,
    layer: { descriptor, diffId: digest('f') },
    createdAt: 0,
    lastUsedAt: 0,
    usageCount: 0,
  };
}

function image(name: string, target: Digest): ImageRecord {
  return {
    name,
    target: { mediaType: MEDIA_TYPES.ociIndex, digest: target, size: 1 },
    createdAt: 0,
    updatedAt: 0,
  };
}

function sources(records: readonly CacheRecord[], images: readonly ImageRecord[] = []) {
  const asked = { records: 0, images: 0 };
  const children = new Map<Digest, readonly Digest[]>([
    [INDEX, [MANIFEST]],
    [MANIFEST, [LAYER]],
  ]);
  const mountFrom = createMountSources({
    records: { list: () => ((asked.records += 1), records) },
    images: { list: () => ((asked.images += 1), images) },
    children: async () => async (of) => children.get(of) ?? [],
  });
  return { asked, mountFrom };
}

test('a layer is where it was fetched from, and where images hold it, the nearest first', async () => {
  const { mountFrom } = sources(
    [record('a', 'r.example/library/base@' + digest('9')), record('b', 'r.example/team/sub/base:1')],
    [image('r.example/team/app:1', INDEX)],
  );
  expect(await mountFrom(LAYER, parseReference('r.example/team/sub/mine:1'))).toEqual([
    'team/sub/base',
    'team/app',
    'library/base',
  ]);
  expect(await mountFrom(MANIFEST, parseReference('r.example/x:1'))).toEqual(['team/app']);
  expect(await mountFrom(OTHER, parseReference('r.example/x:1'))).toEqual([]);
});

test('no registry is told of the repositories of another, or to mount from where it pushes to', async () => {
  const { mountFrom } = sources(
    [record('a', 'one.example/secret/base:1'), record('b', 'two.example/app:1'), record('c', undefined)],
    [image('one.example/secret/app:1', INDEX), image('local name', INDEX)],
  );
  expect(await mountFrom(LAYER, parseReference('two.example/app:2'))).toEqual([]);
  expect(await mountFrom(LAYER, parseReference('one.example/app:2'))).toEqual(['secret/base', 'secret/app']);
});

test('what comes from a folder is mounted from nowhere', async () => {
  const { mountFrom } = sources([record('a', 'oci-layout:/project/layout')]);
  expect(await mountFrom(LAYER, parseReference('docker.io/library/x'))).toEqual([]);
});

test('the books are read once for a registry, and not before', async () => {
  const { asked, mountFrom } = sources([record('a', 'r.example/base:1')]);
  expect(asked).toEqual({ records: 0, images: 0 });
  const to = parseReference('r.example/x');
  await Promise.all([LAYER, OTHER].map(async (each) => await mountFrom(each, to)));
  expect(asked).toEqual({ records: 1, images: 1 });
});
