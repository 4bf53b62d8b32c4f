// SPDX-License-Identifier: MIT
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { canonicalDigest, type Descriptor, MEDIA_TYPES, parseReference } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';
import type { RegistryClient } from '../src/index.ts';
import { type Exchange, failure, type ScriptedRegistry } from '../src/testing/index.ts';
import { blobOf, failureOf, openClient, openRegistry } from './support/setup.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

/** An image of two platforms with an attestation, a signature of the index and one of the signature. */
async function pushSample(client: RegistryClient, registry: ScriptedRegistry, path = 'app') {
  const reference = parseReference(`${registry.host}/${path}:1`);
  const push = async (mediaType: string, document: object, tag?: string): Promise<Descriptor> => {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...document }));
    const digest = canonicalDigest(bytes);
    await client.pushManifest(
      { domain: reference.domain, path, ...(tag === undefined ? { digest } : { tag }) },
      mediaType,
      bytes,
    );
    return { mediaType, digest, size: bytes.byteLength };
  };
  const blob = async (text: string | Buffer, mediaType: string): Promise<Descriptor> => {
    const source = blobOf(Buffer.from(text), mediaType);
    await client.pushBlob(reference, source);
    return source.descriptor;
  };
  const image = async (architecture: string): Promise<Descriptor> => {
    const layers = [
      await blob(gzipSync(`layer of ${architecture}`), MEDIA_TYPES.ociLayerGzip),
      await blob(`zstd of all`, MEDIA_TYPES.ociLayerZstd),
    ];
    const config = await blob(
      JSON.stringify({
        architecture,
        os: 'linux',
        rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
      }),
      MEDIA_TYPES.ociConfig,
    );
    const platform = { architecture, os: 'linux' };
    return { ...(await push(MEDIA_TYPES.ociManifest, { config, layers })), platform };
  };
  const [amd64, arm64] = [await image('amd64'), await image('arm64')];
  const empty = await blob('{}', MEDIA_TYPES.ociEmpty);
  const statement = await blob('{"a":1}', 'application/vnd.in-toto+json');
  const attestation = {
    ...(await push(MEDIA_TYPES.ociManifest, { config: empty, layers: [statement] })),
    platform: { architecture: 'unknown', os: 'unknown' },
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': amd64.digest,
    },
  };
  const index = await push(MEDIA_TYPES.ociIndex, { manifests: [amd64, arm64, attestation] }, '1');
  const signature = await push(MEDIA_TYPES.ociManifest, {
    artifactType: 'application/signature',
    config: empty,
    layers: [await blob('signed', 'application/octet-stream')],
    subject: index,
  });
  const counter = await push(MEDIA_TYPES.ociManifest, {
    artifactType: 'application/counter-signature',
    config: empty,
    layers: [empty],
    subject: signature,
  });
  return {
    reference,
    name: `${registry.host}/${path}:1`,
    index,
    amd64,
    arm64,
    attestation,
    signature,
    counter,
  };
}

async function listed<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('a copy', () => {
  test('between registries brings every byte, every platform and all that refers to it', async () => {
    const [from, to] = [await openRegistry(), await openRegistry()];
    const { client } = openClient();
    const sample = await pushSample(client, from);

    const result = await client.copy(sample.name, `${to.host}/copy:2`, { referrers: true });

    expect(result.descriptor.digest).toBe(sample.index.digest);
    expect(result.referrers.map(({ digest }) => digest)).toEqual([
      sample.signature.digest,
      sample.counter.digest,
    ]);
    const copy = to.storage.repository('copy');
    const original = from.storage.repository('app');
    expect(copy.tags).toEqual(new Map([['2', sample.index.digest]]));
    expect(new Set(copy.manifests.keys())).toEqual(new Set(original.manifests.keys()));
    expect(new Set(copy.blobs.keys())).toEqual(new Set(original.blobs.keys()));
    const again = await client.copy(sample.name, `${to.host}/copy:2`, { referrers: true });
    expect(again.blobs).toEqual({ existed: copy.blobs.size, mounted: 0, uploaded: 0 });
  });

  test('gives the name last', async () => {
    const [from, to] = [await openRegistry(), await openRegistry()];
    const { client } = openClient();
    const sample = await pushSample(client, from);

    await client.copy(sample.name, `${to.host}/copy:2`, { referrers: true });

    const puts = to.trace().filter((line) => line.startsWith('PUT') && line.includes('/manifests/'));
    expect(puts.at(-1)).toBe('PUT /v2/copy/manifests/2');
    expect(to.trace().at(-1)).toBe(puts.at(-1));
  });

  test('within a registry moves no blob', async () => {
    const registry = await openRegistry();
    const { client } = openClient();
    const sample = await pushSample(client, registry);

    const { blobs } = await client.copy(sample.name, `${registry.host}/other:1`);

    expect(blobs).toEqual({
      existed: 0,
      mounted: registry.storage.repository('other').blobs.size,
      uploaded: 0,
    });
  });

  test('keeps the list of referrers where the registry has none', async () => {
    const [from, to] = [await openRegistry(), await openRegistry({ referrers: false })];
    const { client } = openClient();
    const sample = await pushSample(client, from);

    await client.copy(sample.name, `${to.host}/copy:2`, { referrers: true });

    const found = await listed(
      client.referrers({ domain: to.host, path: 'copy', digest: sample.index.digest }),
    );
    expect(found).toEqual([{ ...sample.signature, artifactType: 'application/signature' }]);
    const { referrers } = await client.copy(`${to.host}/copy:2`, `${from.host}/back:1`, { referrers: true });
    expect(referrers).toHaveLength(2);
  });

  test('of one platform is that image, of several an index of them with what is said about them', async () => {
    const [from, to] = [await openRegistry(), await openRegistry()];
    const { client } = openClient();
    const sample = await pushSample(client, from);

    const one = await client.copy(sample.name, `${to.host}/one:1`, { platforms: ['linux/arm64'] });
    expect(one.descriptor.digest).toBe(sample.arm64.digest);
    const { descriptor } = await client.copy(sample.name, `${to.host}/some:1`, {
      platforms: ['linux/amd64', 'linux/arm64'],
    });
    const some = await client.manifest({ domain: to.host, path: 'some', digest: descriptor.digest });
    expect(some.kind === 'index' && some.index.manifests).toEqual([
      sample.amd64,
      sample.arm64,
      sample.attestation,
    ]);
    const none = await failureOf(client.copy(sample.name, `${to.host}/x:1`, { platforms: ['linux/s390x'] }));
    expect(none).toMatchObject({
      code: 'REGISTRY_PLATFORM_NOT_FOUND',
      message: `${sample.name} has no image for linux/s390x; it has linux/amd64, linux/arm64`,
    });
  });

  test('through a layout folder comes back as it was', async () => {
    const [from, to] = [await openRegistry(), await openRegistry()];
    const { client } = openClient();
    const sample = await pushSample(client, from);
    const folder = await temporaryFolder();

    await client.copy(sample.name, `oci:${folder}/layout:v1`, { referrers: true });
    await client.copy(sample.name, `oci:${folder}/layout:v2`, { platforms: ['linux/arm64'] });
    const result = await client.copy(`oci:${folder}/layout:v1`, `${to.host}/copy:1`, { referrers: true });

    expect(result.descriptor.digest).toBe(sample.index.digest);
    expect(result.referrers.map(({ digest }) => digest)).toEqual([
      sample.signature.digest,
      sample.counter.digest,
    ]);
    expect(await readdir(`${folder}/layout`)).toEqual(['blobs', 'index.json', 'oci-layout']);
    const v2 = await client.copy(`oci:${folder}/layout:v2`, `${to.host}/copy:2`);
    expect(v2.descriptor.digest).toBe(sample.arm64.digest);
    expect(await failureOf(client.copy(`oci:${folder}/layout`, `${to.host}/copy:3`))).toMatchObject({
      code: 'REGISTRY_NOT_FOUND',
      hint: expect.stringContaining('v1'),
    });
  });

  test('into a layout folder goes on with what an earlier process left', async () => {
    const registry = await openRegistry();
    const { client } = openClient();
    const folder = await temporaryFolder();
    const bytes = Buffer.alloc(900_000, 'a layer that takes long, ');
    const reference = parseReference(`${registry.host}/app:1`);
    const layer = blobOf(bytes);
    const config = blobOf(Buffer.from('{}'), MEDIA_TYPES.ociEmpty);
    for (const blob of [layer, config]) await client.pushBlob(reference, blob);
    await client.pushManifest(
      reference,
      MEDIA_TYPES.ociManifest,
      Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: MEDIA_TYPES.ociManifest,
          config: config.descriptor,
          layers: [layer.descriptor],
        }),
      ),
    );
    let moved = 0;
    const stop = new AbortController();
    const stopped = failureOf(
      client.copy(`${registry.host}/app:1`, `oci:${folder}/l:1`, {
        signal: stop.signal,
        onProgress: ({ digest }, count) => {
          if (digest === layer.descriptor.digest && count > 100_000) stop.abort(new Error('killed'));
        },
      }),
    );
    expect((await stopped).message).toBe('killed');
    // The config may lie there as well: blobs arrive side by side.
    const kept = (await stat(`${folder}/l/.partial/${layer.descriptor.digest.slice(7)}`)).size;

    await client.copy(`${registry.host}/app:1`, `oci:${folder}/l:1`, {
      onProgress: ({ digest }, count) => void (digest === layer.descriptor.digest && (moved = count)),
    });

    expect(kept).toBeGreaterThan(100_000);
    expect(moved).toBe(bytes.byteLength);
    expect(
      registry.requests.findLast(({ path }) => path.includes(layer.descriptor.digest))?.headers['range'],
    ).toBe(`bytes=${kept}-`);
    const path = join(folder, 'l/blobs/sha256', layer.descriptor.digest.slice(7));
    expect((await readFile(path)).equals(bytes)).toBe(true);
  });

  test('through an archive keeps the digest', async () => {
    const [from, to] = [await openRegistry(), await openRegistry()];
    const { client } = openClient();
    const sample = await pushSample(client, from);
    const folder = await temporaryFolder();

    await client.copy(sample.name, `docker-archive:${folder}/a.tar:app:1`, { platforms: ['linux/arm64'] });
    await writeFile(`${folder}/a.tar.gz`, gzipSync(await readFile(`${folder}/a.tar`)));

    for (const file of ['a.tar', 'a.tar.gz', 'a.tar:app:1']) {
      const { descriptor } = await client.copy(`docker-archive:${folder}/${file}`, `${to.host}/copy:1`);
      expect(descriptor.digest).toBe(sample.arm64.digest);
    }
    expect(
      (await failureOf(client.copy(`docker-archive:${folder}/a.tar:other:1`, `${to.host}/copy:1`))).code,
    ).toBe('REGISTRY_NOT_FOUND');
    expect(await readdir(folder)).toEqual(['a.tar', 'a.tar.gz']);
  });

  test('of an artifact keeps its types', async () => {
    const [from, to] = [await openRegistry(), await openRegistry()];
    const { client } = openClient();
    const sample = await pushSample(client, from);

    await client.copy(`${from.host}/app@${sample.signature.digest}`, `${to.host}/sig:1`);

    const copy = await client.manifest(parseReference(`${to.host}/sig:1`));
    expect(copy.kind === 'manifest' && copy.manifest).toMatchObject({
      artifactType: 'application/signature',
      config: { mediaType: MEDIA_TYPES.ociEmpty },
      subject: { digest: sample.index.digest },
    });
  });

  test('of a damaged layout is refused', async () => {
    const [from, to] = [await openRegistry(), await openRegistry()];
    const { client } = openClient();
    const sample = await pushSample(client, from);
    const folder = `${await temporaryFolder()}/layout`;
    const copy = async () => await failureOf(client.copy(`oci:${folder}:v1`, `${to.host}/copy:1`));
    await client.copy(sample.name, `oci:${folder}:v1`, { platforms: ['linux/arm64'] });
    const manifest = await client.manifest(parseReference(`${from.host}/app@${sample.arm64.digest}`));
    const layer = manifest.kind === 'manifest' ? manifest.manifest.layers[0] : undefined;
    const path = `${folder}/blobs/sha256/${layer?.digest.slice(7)}`;
    const { chmod, rm, writeFile: write } = await import('node:fs/promises');
    await chmod(path, 0o644);
    await write(path, Buffer.alloc(layer?.size ?? 0));

    expect((await copy()).code).toBe('REGISTRY_DIGEST_MISMATCH');
    await rm(path);
    expect((await copy()).code).toBe('REGISTRY_NOT_FOUND');
    await write(`${folder}/oci-layout`, '{"imageLayoutVersion":"9"}');
    expect(await copy()).toMatchObject({
      code: 'REGISTRY_ARCHIVE_INVALID',
      message: expect.stringContaining('"9"'),
    });
    await rm(`${folder}/index.json`);
    expect((await copy()).code).toBe('REGISTRY_ARCHIVE_INVALID');
    expect(to.storage.repository('copy').tags.size).toBe(0);
  });

  test('of wrong bytes asks once more, past caches, and then gives up', async () => {
    const [from, to] = [await openRegistry(), await openRegistry()];
    const { client } = openClient();
    const sample = await pushSample(client, from);
    const folder = await temporaryFolder();
    const config = /^GET .*blobs/;
    const wrong = async ({ response, url }: Exchange) => {
      const bytes = from.storage.repository('app').blobs.get(url.pathname.split('/').at(-1) ?? '');
      response.end(Buffer.alloc(bytes?.byteLength ?? 0, 'x'));
    };
    from.once(config, wrong);
    await client.copy(sample.name, `oci:${folder}/good:1`);
    expect(from.requests.filter(({ headers }) => headers['cache-control'] === 'no-cache')).toHaveLength(1);

    from.always(config, wrong);
    for (const target of [`oci:${folder}/bad:1`, `${to.host}/bad:1`])
      expect((await failureOf(client.copy(sample.name, target))).code).toBe('REGISTRY_DIGEST_MISMATCH');
    await expect(stat(`${folder}/bad/index.json`)).rejects.toHaveProperty('code', 'ENOENT');
    expect(to.storage.repository('bad').blobs.size).toBe(0);
  });

  test('whose manifest is refused names nothing', async () => {
    const [from, to] = [await openRegistry(), await openRegistry()];
    const { client } = openClient();
    const sample = await pushSample(client, from);
    to.always(/^PUT .*\/manifests\//, failure(400, 'MANIFEST_INVALID', 'no OCI here'));

    expect(await failureOf(client.copy(sample.name, `${to.host}/copy:1`))).toMatchObject({
      code: 'REGISTRY_REFUSED',
      errors: [{ code: 'MANIFEST_INVALID', message: 'no OCI here' }],
    });
    expect(to.storage.repository('copy').tags.size).toBe(0);
  });
});
