// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryContentStore } from '@img-build/testkit';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createImageExporter } from '../src/image-exporter.ts';
import { saveImages } from '../src/save-images.ts';
import {
  memoryImageStore,
  platformResult,
  readAll,
  recordProgress,
  removeFolders,
  storeLayer,
  temporaryFolder,
} from './fake-build.ts';

afterAll(removeFolders);

const NAME = 'docker.io/library/hello:1';

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function members(archive: string): string[] {
  return run('tar', '-tf', archive).trim().split('\n');
}

async function twoLayers() {
  const content = createMemoryContentStore(() => Date.UTC(2026, 0, 2));
  return {
    content,
    layers: [await storeLayer(content, 'hello', 'hello'), await storeLayer(content, 'world', 'world')],
  };
}

describe('saving', () => {
  async function stored() {
    const { content, layers } = await twoLayers();
    const images = memoryImageStore();
    const { descriptor } = await createImageExporter({ content, images }).export(
      { platforms: [platformResult(layers)], names: [NAME, 'docker.io/me/same:2'] },
      recordProgress(),
    );
    await createImageExporter({ content, images, mediaTypes: 'docker' }).export(
      { platforms: [platformResult(layers.slice(1))], names: ['docker.io/me/docker:1'] },
      recordProgress(),
    );
    return { content, images, descriptor, platform: { os: 'linux', architecture: 'amd64' } };
  }

  test('several images share one docker archive', async () => {
    const { descriptor: _, ...ports } = await stored();
    const path = join(temporaryFolder(), 'saved.tar');
    writeFileSync(
      path,
      await readAll(
        await saveImages(['hello:1', 'me/same:2', 'me/docker:1'], { ...ports, format: 'docker' }),
      ),
    );
    const items = JSON.parse(run('tar', '-xOf', path, 'manifest.json')) as { RepoTags: string[] }[];
    expect(items.map(({ RepoTags }) => RepoTags)).toEqual([
      [NAME, 'docker.io/me/same:2'],
      ['docker.io/me/docker:1'],
    ]);
    expect(run('skopeo', 'inspect', '--config', `docker-archive:${path}:me/docker:1`)).toContain(
      'buildkit.dockerfile.v0',
    );
  });

  test('an OCI archive holds OCI media types only', async () => {
    const { descriptor, ...ports } = await stored();
    const path = join(temporaryFolder(), 'saved.tar');
    writeFileSync(
      path,
      await readAll(await saveImages(['hello:1', 'me/docker:1'], { ...ports, format: 'oci' })),
    );
    const { manifests } = JSON.parse(run('tar', '-xOf', path, 'index.json')) as {
      manifests: { digest: string; mediaType: string }[];
    };
    expect(manifests.map(({ mediaType }) => mediaType)).toEqual([
      'application/vnd.oci.image.manifest.v1+json',
      'application/vnd.oci.image.manifest.v1+json',
    ]);
    expect(manifests[0]?.digest).toBe(descriptor?.digest);
    expect(run('tar', '-xOf', path, `blobs/sha256/${manifests[1]?.digest.slice(7)}`)).not.toContain('docker');
    expect(members(path)).not.toContain('manifest.json');
  });

  test('an unknown image and a lost blob are told before the first byte', async () => {
    const { descriptor, ...ports } = await stored();
    await expect(saveImages(['nothere'], { ...ports, format: 'docker' })).rejects.toMatchObject({
      code: 'EXPORT_IMAGE_NOT_FOUND',
      message: 'there is no image docker.io/library/nothere:latest',
    });
    if (descriptor !== undefined) await ports.content.remove(descriptor.digest);
    await expect(saveImages(['hello:1'], { ...ports, format: 'docker' })).rejects.toHaveProperty(
      'code',
      'EXPORT_CONTENT_MISSING',
    );
  });
});
