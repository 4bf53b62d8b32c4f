// SPDX-License-Identifier: MIT
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { canonicalDigest, type Descriptor, MEDIA_TYPES, parseReference } from '@img-build/oci';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { RegistryClient } from '../../src/index.ts';
import { blobOf, failureOf, readAll } from './setup.ts';
import { temporaryFolder } from './temporary-folder.ts';

const run = promisify(execFile);

/** A registry and a client that may use it. */
export interface OrdinaryRegistry {
  readonly client: RegistryClient;
  readonly host: string;
  /** What skopeo needs to use it, in the place of `src` or `dest`. */
  skopeo(side: 'src' | 'dest'): readonly string[];
  /** Deletes single tags. */
  readonly deletesTags: boolean;
}

/** What everybody does with a registry, the same with each of them. */
export function describeOrdinaryOperations(name: string, open: () => Promise<OrdinaryRegistry>): void {
  describe(`with ${name}`, () => {
    let registry: OrdinaryRegistry;
    let client: RegistryClient;
    let host: string;
    let folder: string;
    const app = () => parseReference(`${host}/ordinary/app:1`);

    beforeAll(async () => {
      registry = await open();
      ({ client, host } = registry);
      folder = await temporaryFolder();
      await pushImage(client, `${host}/ordinary/app:1`);
    });

    const skopeo = async (from: string, to: string): Promise<void> => {
      const options = [
        ...(from.startsWith('docker:') ? registry.skopeo('src') : []),
        ...(to.startsWith('docker:') ? registry.skopeo('dest') : []),
      ];
      await run('skopeo', ['copy', '--insecure-policy', ...options, from, to], {
        env: { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder },
      });
    };

    test('an image is pushed, resolved and pulled', async () => {
      const { descriptor, ...document } = await client.manifest(app());
      expect(await client.resolve(app(), { platform: 'linux/amd64' })).toEqual(descriptor);
      expect((await failureOf(client.resolve(app(), { platform: 'linux/s390x' }))).code).toBe(
        'REGISTRY_PLATFORM_NOT_FOUND',
      );
      if (document.kind !== 'manifest') throw new Error('an image was pushed');
      for (const layer of document.manifest.layers)
        expect(canonicalDigest(await readAll(client.blob(app(), layer)))).toBe(layer.digest);
    });

    test('tags are listed', async () => {
      const { bytes, mediaType } = await client.manifest(app());
      for (const tag of ['b', 'a']) await client.pushManifest({ ...app(), tag }, mediaType, bytes);

      expect((await collect(client.tags(app()))).toSorted()).toEqual(['1', 'a', 'b']);
    });

    test('what refers to an image is found', async () => {
      const { descriptor } = await client.manifest(app());
      const empty = blobOf(Buffer.from('{}'), MEDIA_TYPES.ociEmpty);
      await client.pushBlob(app(), empty);
      const signature = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: MEDIA_TYPES.ociManifest,
          artifactType: 'application/signature',
          config: empty.descriptor,
          layers: [empty.descriptor],
          subject: descriptor,
        }),
      );
      const digest = canonicalDigest(signature);
      await client.pushManifest(
        { domain: host, path: app().path, digest },
        MEDIA_TYPES.ociManifest,
        signature,
      );

      const found = await collect(client.referrers({ ...app(), digest: descriptor.digest }));
      expect(found.map((one) => [one.digest, one.artifactType])).toEqual([[digest, 'application/signature']]);
      const { referrers } = await client.copy(`${host}/ordinary/app:1`, `${host}/ordinary/copy:1`, {
        referrers: true,
      });
      expect(referrers.map((one) => one.digest)).toEqual([digest]);
      expect(
        await collect(
          client.referrers(
            { domain: host, path: 'ordinary/copy', digest: descriptor.digest },
            {
              artifactType: 'application/signature',
            },
          ),
        ),
      ).toHaveLength(1);
    });

    test('a copy in the registry mounts, one over a folder and an archive keeps its digest', async () => {
      const { digest } = await client.resolve(app());
      const name = `${host}/ordinary/app:1`;
      expect((await client.copy(name, `${host}/ordinary/mounted:1`)).blobs).toMatchObject({ uploaded: 0 });
      await client.copy(name, `oci:${folder}/layout:1`);
      await client.copy(name, `docker-archive:${folder}/archive.tar:app:1`);
      for (const from of [`oci:${folder}/layout:1`, `docker-archive:${folder}/archive.tar`])
        expect((await client.copy(from, `${host}/ordinary/back:1`)).descriptor.digest).toBe(digest);
    });

    test('skopeo reads what we wrote, in every format', async () => {
      const { digest } = await client.resolve(app());
      const name = `${host}/ordinary/app:1`;
      await client.copy(name, `oci:${folder}/ours:1`);
      await client.copy(name, `docker-archive:${folder}/ours.tar:app:1`);

      await skopeo(`docker://${name}`, `oci:${folder}/from-registry:1`);
      await skopeo(`oci:${folder}/ours:1`, `oci:${folder}/from-layout:1`);
      await skopeo(`docker-archive:${folder}/ours.tar`, `oci:${folder}/from-archive:1`);

      for (const layout of ['from-registry', 'from-layout'])
        expect(await readFile(join(folder, layout, 'index.json'), 'utf8')).toContain(digest);
      expect(await layerContents(join(folder, 'from-archive'))).toEqual(CONTENTS);
    });

    test('we read what skopeo wrote, in every format', async () => {
      await client.copy(`${host}/ordinary/app:1`, `oci:${folder}/source:1`);
      const { digest } = await client.resolve(app());
      await skopeo(`oci:${folder}/source:1`, `docker://${host}/ordinary/theirs:1`);
      await skopeo(`oci:${folder}/source:1`, `oci:${folder}/theirs:1`);
      await skopeo(`oci:${folder}/source:1`, `docker-archive:${folder}/theirs.tar:app:1`);

      expect((await client.resolve(parseReference(`${host}/ordinary/theirs:1`))).digest).toBe(digest);
      const copied = await client.copy(`oci:${folder}/theirs:1`, `${host}/ordinary/again:1`);
      expect(copied.descriptor.digest).toBe(digest);
      // docker's old archives hold plain layers and no manifest.
      await client.copy(`docker-archive:${folder}/theirs.tar:app:1`, `oci:${folder}/from-theirs:1`);
      expect(await layerContents(join(folder, 'from-theirs'))).toEqual(CONTENTS);
      await client.copy(`docker-archive:${folder}/theirs.tar`, `${host}/ordinary/plain:1`);
      expect(
        await client.resolve(parseReference(`${host}/ordinary/plain:1`), { platform: 'linux/amd64' }),
      ).toMatchObject({ mediaType: MEDIA_TYPES.ociManifest });
    });

    test('docker media types are as good', async () => {
      await client.copy(`${host}/ordinary/app:1`, `oci:${folder}/docker-types:1`);
      await run(
        'skopeo',
        [
          'copy',
          '--insecure-policy',
          '--format',
          'v2s2',
          ...registry.skopeo('dest'),
          `oci:${folder}/docker-types:1`,
          `docker://${host}/ordinary/docker:1`,
        ],
        { env: { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder } },
      );

      const { mediaType, descriptor } = await client.manifest(parseReference(`${host}/ordinary/docker:1`));
      expect(mediaType).toBe(MEDIA_TYPES.dockerManifest);
      const { descriptor: copy } = await client.copy(
        `${host}/ordinary/docker:1`,
        `${host}/ordinary/docker2:1`,
      );
      expect(copy.digest).toBe(descriptor.digest);
    });

    test('a manifest is deleted, and a tag where that is possible', async () => {
      const reference = await pushImage(client, `${host}/ordinary/gone:1`);
      if (registry.deletesTags) await client.deleteTag(reference, '1');
      else expect((await failureOf(client.deleteTag(reference, '1'))).code).toBe('REGISTRY_UNSUPPORTED');
      const { digest } = await client.resolve(await pushImage(client, `${host}/ordinary/gone:2`));
      await client.deleteManifest(reference, digest);
      expect((await failureOf(client.resolve({ ...reference, digest }))).code).toBe('REGISTRY_NOT_FOUND');
    });
  });
}

const CONTENTS: readonly string[] = ['first layer', 'second layer'].map((text) =>
  canonicalDigest(tarOf(text)),
);

/** A tar that skopeo and docker take for one. */
function tarOf(text: string): Buffer {
  const block = Buffer.alloc(10_240);
  block.write('file', 0);
  block.write('0000644\0', 100);
  block.write(`${Buffer.byteLength(text).toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.fill(' ', 148, 156);
  block.write('0ustar\u000000', 156);
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  block.write(text, 512);
  return block;
}

async function pushImage(client: RegistryClient, name: string) {
  const reference = parseReference(name);
  const tars = ['first layer', 'second layer'].map(tarOf);
  const layers: Descriptor[] = [];
  for (const tar of tars) {
    const blob = blobOf(gzipSync(tar));
    await client.pushBlob(reference, blob);
    layers.push(blob.descriptor);
  }
  const config = blobOf(
    Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        config: { Labels: { name } },
        rootfs: { type: 'layers', diff_ids: tars.map((tar) => canonicalDigest(tar)) },
        history: tars.map(() => ({ created: '2026-01-01T00:00:00Z', created_by: 'test' })),
      }),
    ),
    MEDIA_TYPES.ociConfig,
  );
  await client.pushBlob(reference, config);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: config.descriptor,
    layers,
  });
  await client.pushManifest(reference, MEDIA_TYPES.ociManifest, Buffer.from(manifest));
  return reference;
}

/** The diff ids an image in a layout says and has. */
async function layerContents(layout: string): Promise<readonly string[]> {
  const { gunzipSync } = await import('node:zlib');
  const read = async (digest: string): Promise<Buffer> =>
    await readFile(join(layout, 'blobs', digest.replace(':', '/')));
  const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')) as {
    manifests: { digest: string }[];
  };
  const manifest = JSON.parse((await read(index.manifests[0]?.digest ?? '')).toString()) as {
    layers: { digest: string }[];
  };
  return await Promise.all(
    manifest.layers.map(async ({ digest }) => {
      const bytes = await read(digest);
      return canonicalDigest(bytes[0] === 0x1f ? gunzipSync(bytes) : bytes);
    }),
  );
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** An auth file for skopeo. */
export async function writeAuthFile(
  path: string,
  host: string,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<string> {
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  await writeFile(path, JSON.stringify({ auths: { [host]: { auth } } }));
  return path;
}
