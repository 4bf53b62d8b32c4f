// SPDX-License-Identifier: MIT
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { canonicalDigest, MEDIA_TYPES, parseReference } from '@img-build/oci';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { RegistryClient } from '../src/index.ts';
import type { ScriptedRegistry } from '../src/testing/index.ts';
import { failureOf, openClient, openRegistry } from './support/setup.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const run = promisify(execFile);
const LAYER = Buffer.alloc(10_240, 'a plain layer ');
const CONFIG = Buffer.from(
  JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [canonicalDigest(LAYER), canonicalDigest(LAYER)] },
  }),
);

let folder: string;
let registry: ScriptedRegistry;
let client: RegistryClient;

beforeEach(async () => {
  folder = await temporaryFolder();
  registry = await openRegistry();
  ({ client } = openClient());
});

/** An archive as docker made them for years: layers in folders, repeated ones as links. */
async function oldArchive(manifest?: unknown): Promise<string> {
  const name =
    'a-layer-folder-with-a-name-that-is-much-longer-than-the-hundred-bytes-a-tar-header-has-room-for-by-itself';
  await mkdir(`${folder}/image/${name}`, { recursive: true });
  await mkdir(`${folder}/image/second`);
  await writeFile(`${folder}/image/${name}/layer.tar`, LAYER);
  await symlink(`../${name}/layer.tar`, `${folder}/image/second/layer.tar`);
  await writeFile(`${folder}/image/config.json`, CONFIG);
  const item = {
    Config: 'config.json',
    RepoTags: ['old:1'],
    Layers: [`${name}/layer.tar`, 'second/layer.tar'],
  };
  await writeFile(`${folder}/image/manifest.json`, JSON.stringify(manifest ?? [item]));
  await run('tar', ['-C', `${folder}/image`, '-cf', `${folder}/old.tar`, '.']);
  return `${folder}/old.tar`;
}

const copyOf = async (file: string) => await client.copy(`docker-archive:${file}`, `${registry.host}/copy:1`);
const failure = async (file: string) => await failureOf(copyOf(file));

describe('an old docker archive', () => {
  test('becomes an image, the same each time, its links followed', async () => {
    const file = await oldArchive();
    const first = await copyOf(file);
    const image = await client.manifest(parseReference(`${registry.host}/copy:1`));

    expect(image.kind === 'manifest' && image.manifest.layers).toEqual([
      { mediaType: MEDIA_TYPES.ociLayer, digest: canonicalDigest(LAYER), size: LAYER.byteLength },
      { mediaType: MEDIA_TYPES.ociLayer, digest: canonicalDigest(LAYER), size: LAYER.byteLength },
    ]);
    expect((await copyOf(`${file}:old:1`)).descriptor).toEqual(first.descriptor);
    await writeFile(`${folder}/old.tar.gz`, gzipSync(await readFile(file)));
    expect((await copyOf(`${folder}/old.tar.gz`)).descriptor).toEqual(first.descriptor);
    await run('tar', ['-C', `${folder}/image`, '--format=pax', '-cf', `${folder}/pax.tar`, '.']);
    expect((await copyOf(`${folder}/pax.tar`)).descriptor).toEqual(first.descriptor);
  });

  test.each([
    ['no list', { a: 1 }, 'its manifest.json is no list'],
    ['an item without layers', [{ Config: 'config.json' }], 'incomplete'],
    ['a layer that is not there', [{ Config: 'config.json', Layers: ['x', 'y'] }], 'x is missing'],
    ['fewer layers than the config', [{ Config: 'config.json', Layers: [] }], '0 layers, its config 2'],
    ['a config outside', [{ Config: '../../etc/passwd', Layers: [] }], 'it has no ../../etc/passwd'],
  ])('with %s is refused', async (_name, manifest, text) => {
    expect(await failure(await oldArchive(manifest))).toMatchObject({
      code: 'REGISTRY_ARCHIVE_INVALID',
      message: expect.stringContaining(text),
    });
  });
});

describe('a file that is no archive', () => {
  test('is refused, whatever it is', async () => {
    const file = await oldArchive();
    const bytes = await readFile(file);
    await writeFile(`${folder}/text`, 'no archive at all. '.repeat(100));
    await writeFile(`${folder}/half.gz`, gzipSync(bytes).subarray(0, 200));
    await writeFile(`${folder}/empty`, '');
    await truncate(file, 4096);
    await run('tar', ['-C', `${folder}/image/second`, '-cf', `${folder}/other.tar`, '.']);

    for (const name of ['text', 'half.gz', 'empty', 'old.tar', 'other.tar'])
      expect(await failure(`${folder}/${name}`)).toMatchObject({ code: 'REGISTRY_ARCHIVE_INVALID' });
    expect((await failure(`${folder}/absent`)).code).toBe('REGISTRY_NOT_FOUND');
    expect(registry.storage.repository('copy').tags.size).toBe(0);
  });
});

describe('an archive that is written', () => {
  test('is not there when it fails', async () => {
    const from = await oldArchive();
    await copyOf(from);
    const blobs = registry.storage.repository('copy').blobs;
    const target = `docker-archive:${folder}/made.tar:made:1`;
    blobs.set(canonicalDigest(LAYER), Buffer.alloc(LAYER.byteLength));

    expect((await failureOf(client.copy(`${registry.host}/copy:1`, target))).code).toBe(
      'REGISTRY_DIGEST_MISMATCH',
    );
    expect((await readdir(folder)).filter((name) => name.startsWith('made'))).toEqual([]);
  });
});
