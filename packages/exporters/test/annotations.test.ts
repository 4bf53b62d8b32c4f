// SPDX-License-Identifier: MIT
import type { ExportResult } from '@img-build/interfaces';
import type { Index, Manifest, Platform } from '@img-build/oci';
import { createMemoryContentStore } from '@img-build/testkit';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Annotation } from '../src/image/annotations.ts';
import type { ImageFormat } from '../src/image/write-image.ts';
import { createImageExporter } from '../src/image-exporter.ts';
import {
  memoryImageStore,
  platformResult,
  readAll,
  recordProgress,
  removeFolders,
  storeLayer,
} from './fake-build.ts';

afterAll(removeFolders);

const AMD: Platform = { os: 'linux', architecture: 'amd64' };
const ARM: Platform = { os: 'linux', architecture: 'arm64' };

interface Exported {
  readonly result: ExportResult;
  readonly target: Manifest & Index;
  readonly manifests: readonly Manifest[];
}

async function exported(
  annotations: readonly Annotation[],
  platforms: readonly Platform[] = [AMD],
  format: ImageFormat = {},
): Promise<Exported> {
  const content = createMemoryContentStore(() => 0);
  const layers = [await storeLayer(content, 'hello', 'hello')];
  const exporter = createImageExporter({ ...format, content, images: memoryImageStore(), annotations });
  const result = await exporter.export(
    { platforms: platforms.map((platform) => platformResult(layers, platform)), names: [] },
    { progress: recordProgress().progress },
  );
  const read = async (digest: string): Promise<unknown> =>
    JSON.parse(String(await readAll(content.open(digest as `sha256:${string}`))));
  const target = (await read(result.descriptor?.digest ?? '')) as Manifest & Index;
  const manifests = await Promise.all(
    (target.manifests ?? []).map(async ({ digest }) => (await read(digest)) as Manifest),
  );
  return { result, target, manifests };
}

describe('annotations', () => {
  test('of a manifest are in it, sorted, the last of equal keys', async () => {
    const { target } = await exported([
      { target: 'manifest', key: 'b', value: '1' },
      { target: 'manifest', key: 'a', value: '2' },
      { target: 'manifest', key: 'b', value: '3' },
    ]);
    expect(JSON.stringify(target.annotations)).toBe('{"a":"2","b":"3"}');
  });

  test('are left out where there are none', async () => {
    expect('annotations' in (await exported([])).target).toBe(false);
  });

  test('of one platform are in its manifest alone', async () => {
    const { manifests } = await exported(
      [
        { target: 'manifest', key: 'all', value: '1' },
        { target: 'manifest', platform: ARM, key: 'arm', value: '2' },
      ],
      [AMD, ARM],
    );
    expect(manifests.map(({ annotations }) => annotations)).toEqual([{ all: '1' }, { all: '1', arm: '2' }]);
  });

  test('of the index, of its descriptor and of those in it have their places', async () => {
    const { target, result } = await exported(
      [
        { target: 'index', key: 'i', value: '1' },
        { target: 'index-descriptor', key: 'id', value: '2' },
        { target: 'manifest-descriptor', platform: AMD, key: 'md', value: '3' },
      ],
      [AMD, ARM],
    );
    expect(target.annotations).toEqual({ i: '1' });
    expect(result.descriptor?.annotations).toEqual({ id: '2' });
    expect(target.manifests.map(({ annotations }) => annotations)).toEqual([{ md: '3' }, undefined]);
  });

  test('of a descriptor are on the one that is answered', async () => {
    const { result } = await exported([{ target: 'manifest-descriptor', key: 'k', value: 'v' }]);
    expect(result.descriptor?.annotations).toEqual({ k: 'v' });
  });

  test.each(['index', 'index-descriptor'] as const)('of an %s need one', async (target) => {
    await expect(exported([{ target, key: 'k', value: 'v' }])).rejects.toMatchObject({
      code: 'EXPORT_ANNOTATION_INVALID',
      message: 'index annotations not supported for single platform export: k',
    });
    const { target: index } = await exported([{ target, key: 'k', value: 'v' }], [AMD], { forceIndex: true });
    expect(index.manifests).toHaveLength(1);
  });

  test('of a platform that is not built are refused', async () => {
    await expect(
      exported([{ target: 'manifest', platform: ARM, key: 'k', value: 'v' }]),
    ).rejects.toMatchObject({ code: 'EXPORT_ANNOTATION_INVALID', hint: 'built is linux/amd64' });
  });
});

test('an index of several platforms tells no config digest: each platform has its own', async () => {
  expect((await exported([], [AMD, ARM])).result.metadata).not.toHaveProperty([
    'containerimage.config.digest',
  ]);
  expect((await exported([])).result.metadata).toHaveProperty(['containerimage.config.digest']);
});
