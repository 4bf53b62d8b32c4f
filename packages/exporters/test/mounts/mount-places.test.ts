// SPDX-License-Identifier: MIT
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContentStore } from '@img-build/interfaces';
import { canonicalDigest, type Descriptor, MEDIA_TYPES, parseReference } from '@img-build/oci';
import { createMemoryContentStore, createMemoryLocks, createMemoryRegistry } from '@img-build/testkit';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createFolderMounts,
  createRegistryMounts,
  type MountPlace,
  packMounts,
  type SavedMount,
} from '../../src/index.ts';

const platform = { os: 'linux', architecture: 'amd64' };
const reference = parseReference('registry.local/team/cache:mounts');
let content: ContentStore;
let folder: string;

beforeEach(() => {
  content = createMemoryContentStore();
  folder = mkdtempSync(join(tmpdir(), 'img-mounts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function saved(id: string, text: string, change: Partial<SavedMount> = {}): Promise<SavedMount> {
  const bytes = new TextEncoder().encode(text);
  const descriptor = await content.ingest(MEDIA_TYPES.ociLayer, once(bytes));
  const owner = { uid: 1000, gid: 1001, mode: 0o1770 };
  return { id, seeded: false, owner, layer: { descriptor, diffId: canonicalDigest(bytes) }, ...change };
}

async function textOf(place: MountPlace, descriptor: Descriptor | undefined): Promise<string> {
  if (descriptor === undefined) throw new Error('there is no such layer');
  const chunks: Uint8Array[] = [];
  for await (const chunk of place.open(descriptor)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const locks = createMemoryLocks();
const registry = createMemoryRegistry();
const places = {
  folder: () => createFolderMounts({ folder, content, locks: () => locks, platform }),
  registry: () =>
    createRegistryMounts({
      reference: { ...reference, path: `team/${expect.getState().currentTestName?.length}` },
      content,
      registry: async () => registry,
      platform,
    }),
};

describe.each(['folder', 'registry'] as const)('cache mounts in a %s', (kind) => {
  test('are read as they were written, sorted', async () => {
    const place = places[kind]();
    expect(await place.read()).toBeUndefined();
    const [npm, pip, seeded] = [
      await saved('/var/npm', 'npm'),
      await saved('/var/cache/pip', 'pip'),
      await saved('/var/npm', 'seeded', { seeded: true }),
    ];
    expect(await place.add([npm, seeded, pip])).toMatchObject({ changed: true });

    expect(await place.read()).toEqual([pip, npm, seeded]);
    expect(await textOf(place, npm.layer.descriptor)).toBe('npm');
  });

  test('replace those of their id and leave the others', async () => {
    const place = places[kind]();
    const [first, other] = [await saved('a', 'first'), await saved('b', 'other')];
    await place.add([first, other]);
    const second = await saved('a', 'second', { owner: { uid: 0, gid: 0, mode: 0o755 } });
    await place.add([second]);

    expect(await place.read()).toEqual([second, other]);
    expect(await textOf(place, other.layer.descriptor)).toBe('other');
  });

  test('that are the same are not written again', async () => {
    const place = places[kind]();
    const mount = await saved('a', `same ${kind}`);
    const { digest } = await place.add([mount]);
    const pushes = registry.calls.filter(({ call }) => call.startsWith('push')).length;

    expect(await place.add([mount])).toEqual({ digest, changed: false });
    expect(registry.calls.filter(({ call }) => call.startsWith('push'))).toHaveLength(pushes);
  });
});

test('a folder keeps no layer that no mount is made of any more', async () => {
  const place = places.folder();
  const [first, second] = [await saved('a', 'first'), await saved('a', 'second')];
  await place.add([first]);
  await place.add([second]);

  const blobs = readdirSync(join(folder, 'blobs/sha256'));
  expect(blobs).toHaveLength(3);
  expect(blobs).not.toContain(first.layer.descriptor.digest.slice('sha256:'.length));
});

test('what is something else is neither read nor overwritten', async () => {
  const place = places.registry();
  const { descriptor } = (await saved('a', '{}')).layer;
  const image = JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: { ...descriptor, mediaType: MEDIA_TYPES.ociConfig },
    layers: [],
  });
  const tag = { ...reference, path: `team/${expect.getState().currentTestName?.length}` };
  await registry.pushBlob(tag, { descriptor, open: () => once(Buffer.from('{}')) });
  await registry.pushManifest(tag, MEDIA_TYPES.ociManifest, Buffer.from(image));

  await expect(place.read()).rejects.toHaveProperty('code', 'CACHE_INVALID');
  await expect(place.add([await saved('b', 'b')])).rejects.toHaveProperty('code', 'CACHE_INVALID');
});

test('an archive is an image layout and the same bytes for the same mounts', async () => {
  const mounts = [await saved('b', 'two'), await saved('a', 'one')];
  const bytes = async (given: readonly SavedMount[]): Promise<string> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of packMounts(given, content, platform)) chunks.push(chunk);
    return Buffer.concat(chunks).toString('latin1');
  };
  const packed = await bytes(mounts);
  expect(await bytes(mounts.toReversed())).toBe(packed);
  expect(packed).toContain('{"imageLayoutVersion":"1.0.0"}');
});

/** What a manifest may not say about its one layer. */
const LIES: readonly (readonly [string, (layer: Json) => unknown])[] = [
  ['no id', (layer) => annotate(layer, { id: '' })],
  ['an id with a zero byte', (layer) => annotate(layer, { id: 'a\0b' })],
  ['an endless id', (layer) => annotate(layer, { id: 'a'.repeat(5000) })],
  ['an owner below zero', (layer) => annotate(layer, { uid: '-1' })],
  ['an owner that is none', (layer) => annotate(layer, { gid: '4294967295' })],
  ['a mode with more bits than there are', (layer) => annotate(layer, { mode: '17777' })],
  ['a mode that is not octal', (layer) => annotate(layer, { mode: '9' })],
  ['another type', (layer) => ({ ...layer, mediaType: 'application/x-sh' })],
  ['a size beyond all measure', (layer) => ({ ...layer, size: 2 ** 50 })],
  ['no digest of its tar', (layer) => ({ ...layer, annotations: omit(layer, 'containerd.io/uncompressed') })],
];

type Json = Readonly<Record<string, unknown>>;

function annotate(layer: Json, facts: Readonly<Record<string, string>>): Json {
  const prefixed = Object.entries(facts).map(([key, value]) => [`org.img-build.cache-mount.${key}`, value]);
  return { ...layer, annotations: { ...(layer['annotations'] as Json), ...Object.fromEntries(prefixed) } };
}

function omit(layer: Json, key: string): Json {
  return Object.fromEntries(Object.entries(layer['annotations'] as Json).filter(([name]) => name !== key));
}

test.each(LIES)('a manifest whose layer has %s is refused', async (_what, lie) => {
  const place = places.folder();
  await place.add([await saved('a', 'text')]);
  const path = (digest: string): string => join(folder, 'blobs/sha256', digest.slice('sha256:'.length));
  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
    manifests: { digest: string; size: number }[];
  };
  const [entry] = index.manifests;
  if (entry === undefined) throw new Error('the index is empty');
  const manifest = JSON.parse(readFileSync(path(entry.digest), 'utf8')) as { layers: Json[] };
  const bytes = Buffer.from(JSON.stringify({ ...manifest, layers: manifest.layers.map(lie) }));
  entry.digest = canonicalDigest(bytes);
  entry.size = bytes.length;
  writeFileSync(path(entry.digest), bytes);
  writeFileSync(join(folder, 'index.json'), JSON.stringify(index));

  await expect(place.read()).rejects.toHaveProperty('code', 'CACHE_INVALID');
});
