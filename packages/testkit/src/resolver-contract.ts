// SPDX-License-Identifier: MIT

import type { BlobPresence, BlobSource, RegistryPort } from '@img-build/interfaces';
import { canonicalDigest, type Descriptor, MEDIA_TYPES, type Reference } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';

/** A registry under test. Each test uses repositories of its own, so that one registry may serve them all. */
export interface ResolverFixture {
  readonly port: RegistryPort & BlobPresence;
  /** Host of the references. */
  readonly domain: string;
}

type Open = () => Promise<ResolverFixture>;

/** The behaviour every Resolver, Fetcher and Pusher must have. */
export function describeResolver(name: string, open: Open): void {
  describe(`${name} as a registry port`, () => {
    describeResolving(open);
    describeFetching(open);
    describeBlobPushing(open);
    describeManifestPushing(open);
  });
}

function describeResolving(open: Open): void {
  test('resolves a tag and a digest to the same descriptor', async () => {
    const { port, reference, manifest } = await withImage(open, 'contract/resolve');

    const descriptor = {
      mediaType: MEDIA_TYPES.ociManifest,
      digest: canonicalDigest(manifest),
      size: manifest.byteLength,
    };
    expect(await port.resolve(reference)).toEqual(descriptor);
    expect(
      await port.resolve({ domain: reference.domain, path: reference.path, digest: descriptor.digest }),
    ).toEqual(descriptor);
    expect(await port.resolve({ ...reference, tag: 'absent', digest: descriptor.digest })).toEqual(
      descriptor,
    );
  });

  test('says that a tag, a digest or a repository is not there', async () => {
    const { port, reference } = await withImage(open, 'contract/absent');
    const absent = { code: 'REGISTRY_NOT_FOUND' };

    await expect(port.resolve({ ...reference, tag: 'absent' })).rejects.toMatchObject(absent);
    await expect(port.resolve({ ...reference, digest: canonicalDigest('absent') })).rejects.toMatchObject(
      absent,
    );
    await expect(port.manifest({ ...reference, tag: 'absent' })).rejects.toMatchObject(absent);
    await expect(port.resolve({ ...reference, path: 'contract/no-such-repository' })).rejects.toMatchObject(
      absent,
    );
  });

  test('follows a tag that moves', async () => {
    const { port, reference, config } = await withImage(open, 'contract/moving');
    const other = manifestOf(config, [], { moved: 'yes' });

    const digest = await port.pushManifest(reference, MEDIA_TYPES.ociManifest, other);

    expect((await port.resolve(reference)).digest).toBe(digest);
  });

  test('rejects with the reason of an aborted signal', async () => {
    const { port, reference } = await withImage(open, 'contract/abort');
    const reason = new Error('enough');

    await expect(port.resolve(reference, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(port.manifest(reference, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
}

function describeFetching(open: Open): void {
  test('gives back the exact bytes of a manifest', async () => {
    const { port, reference, manifest } = await withImage(open, 'contract/manifest');

    const { descriptor, bytes } = await port.manifest(reference);

    expect(Buffer.from(bytes).equals(manifest)).toBe(true);
    expect(descriptor).toEqual({
      mediaType: MEDIA_TYPES.ociManifest,
      digest: canonicalDigest(manifest),
      size: manifest.byteLength,
    });
  });

  test('streams a blob, whole and from an offset, and reports progress', async () => {
    const { port, reference, layer, layerBytes } = await withImage(open, 'contract/blob');
    const seen: number[] = [];

    expect(
      (await readAll(port.blob(reference, layer, { onProgress: (bytes) => seen.push(bytes) }))).equals(
        layerBytes,
      ),
    ).toBe(true);
    expect(seen.at(-1)).toBe(layer.size);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    for (const offset of [1, 70_000, layer.size - 1]) {
      expect(
        (await readAll(port.blob(reference, layer, { offset }))).equals(layerBytes.subarray(offset)),
      ).toBe(true);
    }
    expect(await readAll(port.blob(reference, layer, { offset: layer.size }))).toHaveLength(0);
  });

  test('refuses a blob that is absent or not of the size promised', async () => {
    const { port, reference, layer } = await withImage(open, 'contract/bad-blob');

    await expect(
      readAll(port.blob(reference, { ...layer, digest: canonicalDigest('absent') })),
    ).rejects.toMatchObject({ code: 'REGISTRY_NOT_FOUND' });
    for (const size of [layer.size - 1, layer.size + 1]) {
      await expect(readAll(port.blob(reference, { ...layer, size }))).rejects.toMatchObject({
        code: 'REGISTRY_SIZE_MISMATCH',
      });
    }
  });

  test('stops streaming with the reason of an aborted signal', async () => {
    const { port, reference, layer } = await withImage(open, 'contract/abort-blob');
    const reason = new Error('enough');
    const controller = new AbortController();

    const reading = (async () => {
      for await (const _ of port.blob(reference, layer, { signal: controller.signal }))
        controller.abort(reason);
    })();

    await expect(reading).rejects.toBe(reason);
  });
}

function describeBlobPushing(open: Open): void {
  test('uploads a blob once', async () => {
    const { port, domain } = await open();
    const reference = { domain, path: 'contract/once', tag: 'latest' };
    const { descriptor, source } = blobOf(Buffer.from('once'));
    const opened: number[] = [];
    const counted: BlobSource = { descriptor, open: (offset) => (opened.push(offset), source.open(offset)) };

    expect(await port.pushBlob(reference, counted)).toBe('uploaded');
    expect(await port.pushBlob(reference, counted)).toBe('existed');
    expect(opened).toEqual([0]);
    expect((await readAll(port.blob(reference, descriptor))).toString()).toBe('once');
  });

  test('takes an empty blob', async () => {
    const { port, domain } = await open();
    const reference = { domain, path: 'contract/empty', tag: 'latest' };
    const { descriptor, source } = blobOf(Buffer.alloc(0));

    expect(await port.pushBlob(reference, source)).toBe('uploaded');
    expect(await readAll(port.blob(reference, descriptor))).toHaveLength(0);
  });

  test('mounts a blob a neighbour has, and uploads it when no neighbour does', async () => {
    const { port, domain } = await open();
    const { source } = blobOf(Buffer.from('shared'));
    await port.pushBlob({ domain, path: 'contract/neighbour' }, source);

    expect(
      await port.pushBlob(
        { domain, path: 'contract/mounting' },
        { ...source, mountFrom: ['contract/stranger', 'contract/neighbour'] },
      ),
    ).toBe('mounted');
    expect(
      await port.pushBlob(
        { domain, path: 'contract/alone' },
        { ...source, mountFrom: ['contract/stranger'] },
      ),
    ).toBe('uploaded');
  });

  test('tells what a repository has, and mounts it elsewhere, without its bytes', async () => {
    const { port, domain } = await open();
    const { descriptor, source } = blobOf(Buffer.from('present'));
    const [here, there] = ['contract/here', 'contract/there'].map((path) => ({ domain, path }));
    if (here === undefined || there === undefined) throw new Error('two repositories are needed');

    expect(await port.hasBlob(here, descriptor)).toBe(false);
    await port.pushBlob(here, source);
    expect(await port.hasBlob(here, descriptor)).toBe(true);
    expect(await port.mountBlob(there, descriptor, 'contract/stranger')).toBe(false);
    expect(await port.hasBlob(there, descriptor)).toBe(false);
    expect(await port.mountBlob(there, descriptor, 'contract/here')).toBe(true);
    expect(await port.hasBlob(there, descriptor)).toBe(true);
  });

  test('refuses a source that is not what it promises', async () => {
    const { port, domain } = await open();
    const reference = { domain, path: 'contract/liar' };
    const { descriptor, source } = blobOf(Buffer.from('truth'));
    const lies = (text: string): BlobSource => ({ descriptor, open: blobOf(Buffer.from(text)).source.open });

    await expect(port.pushBlob(reference, lies('lie!!'))).rejects.toMatchObject({
      code: 'REGISTRY_DIGEST_MISMATCH',
    });
    await expect(port.pushBlob(reference, lies('lie'))).rejects.toMatchObject({
      code: 'REGISTRY_SIZE_MISMATCH',
    });
    await expect(port.pushBlob(reference, lies('longer lie'))).rejects.toMatchObject({
      code: 'REGISTRY_SIZE_MISMATCH',
    });
    expect(await port.pushBlob(reference, source)).toBe('uploaded');
  });

  test('passes on what the source throws', async () => {
    const { port, domain } = await open();
    const { descriptor } = blobOf(Buffer.from('broken'));
    const broken = Object.assign(new Error('disk on fire'), { code: 'EIO' });

    const source: BlobSource = {
      descriptor,
      async *open() {
        yield Buffer.from('bro');
        throw broken;
      },
    };

    await expect(port.pushBlob({ domain, path: 'contract/broken' }, source)).rejects.toBe(broken);
  });
}

function describeManifestPushing(open: Open): void {
  test('stores a manifest by digest when it has no tag', async () => {
    const { port, reference, config } = await withImage(open, 'contract/untagged');
    const bytes = manifestOf(config, [], { untagged: 'yes' });
    const untagged = { domain: reference.domain, path: reference.path, digest: canonicalDigest(bytes) };

    expect(await port.pushManifest(untagged, MEDIA_TYPES.ociManifest, bytes)).toBe(untagged.digest);
    expect(Buffer.from((await port.manifest(untagged)).bytes).equals(bytes)).toBe(true);
    await expect(
      port.pushManifest({ ...untagged, digest: canonicalDigest('other') }, MEDIA_TYPES.ociManifest, bytes),
    ).rejects.toMatchObject({ code: 'REGISTRY_DIGEST_MISMATCH' });
  });

  test('stores an index over manifests', async () => {
    const { port, reference, manifest } = await withImage(open, 'contract/index');
    const child = {
      mediaType: MEDIA_TYPES.ociManifest,
      digest: canonicalDigest(manifest),
      size: manifest.byteLength,
      platform: { os: 'linux', architecture: 'amd64' },
    };
    const bytes = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [child] }),
    );
    const tagged = { ...reference, tag: 'all' };

    await port.pushManifest(tagged, MEDIA_TYPES.ociIndex, bytes);

    expect(await port.resolve(tagged)).toEqual({
      mediaType: MEDIA_TYPES.ociIndex,
      digest: canonicalDigest(bytes),
      size: bytes.byteLength,
    });
  });
}

interface Image extends ResolverFixture {
  readonly reference: Reference;
  readonly manifest: Buffer;
  readonly config: Descriptor;
  readonly layer: Descriptor;
  readonly layerBytes: Buffer;
}

async function withImage(open: Open, path: string): Promise<Image> {
  const { port, domain } = await open();
  const reference: Reference = { domain, path, tag: 'v1' };
  const layerBytes = Buffer.alloc(200_000, path);
  const layer = blobOf(layerBytes);
  const config = blobOf(
    Buffer.from('{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'),
    MEDIA_TYPES.ociConfig,
  );
  for (const { source } of [layer, config]) await port.pushBlob(reference, source);
  const manifest = manifestOf(config.descriptor, [layer.descriptor]);
  await port.pushManifest(reference, MEDIA_TYPES.ociManifest, manifest);
  return {
    port,
    domain,
    reference,
    manifest,
    config: config.descriptor,
    layer: layer.descriptor,
    layerBytes,
  };
}

function blobOf(
  bytes: Buffer,
  mediaType: string = MEDIA_TYPES.ociLayer,
): { readonly descriptor: Descriptor; readonly source: BlobSource } {
  const descriptor = { mediaType, digest: canonicalDigest(bytes), size: bytes.byteLength };
  async function* open(offset: number): AsyncGenerator<Uint8Array> {
    for (let at = offset; at < bytes.byteLength; at += 30_000) yield bytes.subarray(at, at + 30_000);
  }
  return { descriptor, source: { descriptor, open } };
}

/** Indented, so that a port that writes documents anew is found out. */
function manifestOf(
  config: Descriptor,
  layers: readonly Descriptor[],
  annotations?: Record<string, string>,
): Buffer {
  return Buffer.from(
    JSON.stringify(
      {
        schemaVersion: 2,
        mediaType: MEDIA_TYPES.ociManifest,
        config,
        layers,
        ...(annotations === undefined ? {} : { annotations }),
      },
      undefined,
      3,
    ),
  );
}

async function readAll(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}
