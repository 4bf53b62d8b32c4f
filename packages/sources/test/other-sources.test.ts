// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostTree, Source, SourceIdentifier } from '@img-build/interfaces';
import { createMemoryContentStore } from '@img-build/testkit';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createOciLayoutSource } from '../src/image/oci-layout-source.ts';
import { createLocalSource } from '../src/local-source.ts';
import { folderWith, removeFolders } from './folder.ts';
import { addImage, createFakeRegistry } from './image/fake-registry.ts';

afterAll(removeFolders);

async function treeOf(
  source: Source,
  identifier: SourceIdentifier,
): Promise<{ key: string; tree: HostTree }> {
  const instance = await source.open(identifier);
  const { key } = await instance.cacheKey(0);
  const content = await instance.content();
  if (content.type !== 'tree' || content.tree.type !== 'host') throw new Error('not a host tree');
  return { key, tree: content.tree };
}

describe('local folders', () => {
  const folder = folderWith({});
  const source = createLocalSource({ folders: { context: folder, gone: '/nosuch/folder' }, session: 's1' });

  test('are filtered trees whose keys are never shared', async () => {
    const attrs = {
      'local.includepattern': '["a"]',
      'local.excludepatterns': '["*.log"]',
      'local.followpaths': '["b","c"]',
    };
    const { key, tree } = await treeOf(source, { identifier: 'local://context', attrs });
    expect(tree).toEqual({
      type: 'host',
      path: folder,
      include: ['a'],
      exclude: ['*.log'],
      followPaths: ['b', 'c'],
      rootOwned: true,
    });
    expect(key).toMatch(/^session:context:sha256:[0-9a-f]{64}$/);
    const other = createLocalSource({ folders: { context: folder }, session: 's2' });
    expect((await treeOf(other, { identifier: 'local://context', attrs })).key).not.toBe(key);
  });

  test('that the build was not given do not exist', async () => {
    await expect(source.open({ identifier: 'local://toString', attrs: {} })).rejects.toHaveProperty(
      'code',
      'SOURCE_NOT_FOUND',
    );
    await expect(treeOf(source, { identifier: 'local://gone', attrs: {} })).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
      message: 'build context "gone": there is no folder /nosuch/folder',
    });
    await expect(
      source.open({ identifier: 'local://context', attrs: { 'local.followpaths': '{}' } }),
    ).rejects.toHaveProperty('code', 'SOURCE_IDENTIFIER_INVALID');
  });
});

describe('OCI layouts', () => {
  test('are read by tag, verified while copied', async () => {
    const registry = createFakeRegistry();
    const { config: _, ...image } = addImage(registry, ['layer']);
    const folder = folderWith({
      'blobs/sha256': null,
      'index.json': JSON.stringify({
        schemaVersion: 2,
        manifests: [{ ...image, annotations: { 'org.opencontainers.image.ref.name': 'v1' } }],
      }),
    });
    for (const [digest, bytes] of registry.blobs)
      writeFileSync(join(folder, 'blobs/sha256', digest.slice(7)), bytes);
    const content = createMemoryContentStore();
    const source = createOciLayoutSource({
      stores: { mine: folder },
      content,
      platform: { os: 'linux', architecture: 'amd64' },
    });
    const attrs = { 'oci.store': 'mine' };
    const platform = { os: 'linux', architecture: 'amd64' };
    const resolved = await source.resolveConfig({ store: 'mine', tag: 'v1' }, platform);
    expect(resolved).toMatchObject({ digest: image.digest, config: { os: 'linux' } });
    expect(
      await source.resolveConfig({ store: 'mine', tag: 'other', digest: image.digest }, platform),
    ).toEqual(resolved);
    await expect(source.resolveConfig({ store: 'mine' }, platform)).rejects.toHaveProperty(
      'code',
      'SOURCE_NOT_FOUND',
    );
    await expect(source.resolveConfig({ store: 'no', tag: 'v1' }, platform)).rejects.toHaveProperty(
      'code',
      'SOURCE_NOT_FOUND',
    );
    const result = await (await source.open({ identifier: 'oci-layout://base:v1', attrs })).content();
    const [layer] = result.type === 'layers' ? result.layers : [];
    expect(layer?.remote).toBeUndefined();
    await layer?.fetch();
    expect(
      layer === undefined ? undefined : Buffer.from(await content.read(layer.descriptor.digest)).toString(),
    ).toBe('layer');
    await expect(source.open({ identifier: 'oci-layout://base:v2', attrs })).rejects.toHaveProperty(
      'code',
      'SOURCE_NOT_FOUND',
    );
    await expect(
      source.open({ identifier: `oci-layout://base@sha256:${'0'.repeat(64)}`, attrs }),
    ).rejects.toHaveProperty('code', 'SOURCE_NOT_FOUND');
  });
});
