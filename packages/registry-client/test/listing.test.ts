// SPDX-License-Identifier: MIT

import { canonicalDigest, type Descriptor, MEDIA_TYPES } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';
import type { ScriptedRegistry } from '../src/testing/index.ts';
import { failureOf, openClient, openRegistry } from './support/setup.ts';

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('tags', () => {
  const page = (tags: unknown, link?: string) => ({
    status: 200,
    headers: { 'content-type': 'application/json', ...(link === undefined ? {} : { link }) },
    body: JSON.stringify({ name: 'app', tags }),
  });
  const list = async (registry: ScriptedRegistry) =>
    await collect(openClient().client.tags({ domain: registry.host, path: 'app' }));

  test('come from all pages, each once', async () => {
    const registry = await openRegistry();
    registry.once(
      /tags/,
      page(['a', 'b'], '</v2/app/tags/list?last=b&n=2>; rel="next"'),
      page(['b', 'c'], `<${registry.origin}/v2/app/tags/list?last=c>; rel=next`),
      page(['d']),
    );

    expect(await list(registry)).toEqual(['a', 'b', 'c', 'd']);
    expect(registry.trace().slice(1)).toEqual([
      'GET /v2/app/tags/list?last=b&n=2',
      'GET /v2/app/tags/list?last=c',
    ]);
  });

  test('end where a page brings nothing new or leads to another host', async () => {
    const registry = await openRegistry();
    registry.always(/tags/, page(['a'], '</v2/app/tags/list>; rel="next"'));
    expect(await list(registry)).toEqual(['a']);

    const other = await openRegistry();
    other.always(
      /tags/,
      page(['a'], `<http://localhost:${registry.host.split(':')[1]}/v2/app/tags/list>; rel="next"`),
    );
    expect(await list(other)).toEqual(['a']);
  });

  test('may be none, and must be names', async () => {
    const registry = await openRegistry();
    registry.once(/tags/, page(null), page(['ok', '../x', 5]), page('x'));

    expect(await list(registry)).toEqual([]);
    expect(await list(registry)).toEqual(['ok']);
    expect((await failureOf(list(registry))).code).toBe('REGISTRY_PROTOCOL');
  });
});

describe('referrers', () => {
  const subject = canonicalDigest('subject');
  const entry = (name: string, artifactType: string): Descriptor => ({
    mediaType: MEDIA_TYPES.ociManifest,
    digest: canonicalDigest(name),
    size: 1,
    artifactType,
  });
  const index = (...manifests: Descriptor[]) => ({
    status: 200,
    headers: { 'content-type': MEDIA_TYPES.ociIndex },
    body: JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests }),
  });
  const [signature, contents] = [
    entry('signature', 'application/sig'),
    entry('contents', 'application/spdx'),
  ];
  const list = async (registry: ScriptedRegistry, artifactType?: string) =>
    await collect(
      openClient().client.referrers(
        { domain: registry.host, path: 'app', digest: subject },
        { artifactType },
      ),
    );

  test('come from the API, filtered here where the registry does not', async () => {
    const registry = await openRegistry();
    registry.always(/referrers/, index(signature, contents, signature));

    expect(await list(registry)).toEqual([signature, contents]);
    expect(await list(registry, 'application/sig')).toEqual([signature]);
    expect(registry.trace().at(-1)).toBe(`GET /v2/app/referrers/${subject}?artifactType=application%2Fsig`);
  });

  test('come from the tag where there is no API', async () => {
    const registry = await openRegistry();
    registry.always(/referrers/, {
      status: 404,
      headers: { 'content-type': 'text/plain' },
      body: '404 page not found',
    });

    expect(await list(registry)).toEqual([]);
    registry.always(/manifests/, index(contents));
    expect(await list(registry)).toEqual([contents]);
    expect(registry.trace().at(-1)).toBe(`GET /v2/app/manifests/${subject.replace(':', '-')}`);
  });

  test('are none where the tag leads to the subject itself', async () => {
    const registry = await openRegistry();
    registry.always(/manifests/, {
      ...index(contents),
      headers: { 'content-type': MEDIA_TYPES.ociIndex, 'docker-content-digest': subject },
    });

    expect(await list(registry)).toEqual([]);
  });
});
