// SPDX-License-Identifier: MIT
import type { CacheGraph, Layer } from '@img-build/interfaces';
import { sha256Digest } from '@img-build/llb';
import { chainIds } from '@img-build/oci';
import { createMemoryCacheKeyStore } from '@img-build/testkit';
import { describe, expect, test } from '@jest/globals';
import { cacheGraphOf } from '../../src/cache/cache-graph.ts';
import { addImportedGraph } from '../../src/cache/imported-graph.ts';
import { createLayeredKeys } from '../../src/cache/layered-keys.ts';
import { createMemoryKeys } from '../../src/cache/memory-keys.ts';
import { recordIdOfChain } from '../../src/record-id.ts';

const layer = (name: string): Layer => ({
  descriptor: { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: sha256Digest(name), size: 1 },
  diffId: sha256Digest(name),
});
const BASE = layer('base');
const RUN = layer('run');
const [BASE_ID = '', RUN_CHAIN = ''] = chainIds([BASE.diffId, RUN.diffId]);
const [IMAGE, CONTENT, COPY, NEXT] = ['image', 'content', 'copy', 'next'].map(sha256Digest) as [
  ReturnType<typeof sha256Digest>,
  ReturnType<typeof sha256Digest>,
  ReturnType<typeof sha256Digest>,
  ReturnType<typeof sha256Digest>,
];
const SELECTOR = sha256Digest('/a');

/** A step on an image and a file, out of order, and one on top that has no result. */
const GRAPH: CacheGraph = {
  records: [
    { digest: NEXT, inputs: [[{ record: 1 }]], results: [] },
    {
      digest: COPY,
      inputs: [[{ record: 2 }], [{ record: 2, selector: SELECTOR }, { record: 3 }]],
      results: [{ layers: [BASE, RUN], createdAt: 7 }],
    },
    { digest: IMAGE, inputs: [], results: [{ layers: [BASE], createdAt: 5 }] },
    { digest: CONTENT, inputs: [], results: [] },
  ],
};

function imported() {
  const keys = createMemoryKeys();
  const chains = addImportedGraph(keys, GRAPH);
  const [key = ''] = keys.targets(CONTENT, { input: 1, digest: COPY });
  return { keys, chains, key, id: recordIdOfChain(RUN_CHAIN as typeof IMAGE) };
}

describe('an imported graph', () => {
  test('is found by content, and by definition with its selector', () => {
    const { keys, key, id } = imported();

    expect(keys.targets(IMAGE, { input: 0, digest: COPY })).toEqual([key]);
    expect(keys.targets(IMAGE, { input: 1, digest: COPY, selector: SELECTOR })).toEqual([key]);
    expect(keys.targets(IMAGE, { input: 1, digest: COPY })).toEqual([]);
    expect(keys.results(key)).toEqual([{ id, createdAt: 7 }]);
  });

  test('names layers of images as images do, and those of steps otherwise', () => {
    const { chains, id } = imported();

    expect(chains.get(id)?.map((each) => each.id)).toEqual([BASE_ID, id]);
    expect([...chains.keys()]).toEqual([id, BASE_ID].toSorted((a) => (a === BASE_ID ? -1 : 1)));
    expect(id).toMatch(/^[0-9a-z]{25}$/);
  });

  test('comes out again as it went in, when it is exported', async () => {
    const { keys, key } = imported();
    const [next = ''] = keys.targets(key, { input: 0, digest: NEXT });

    const { records } = await cacheGraphOf({
      keys,
      roots: [next],
      own: new Set([key, IMAGE]),
      layersOf: async (id) => (id === BASE_ID ? [BASE] : [BASE, RUN]),
    });

    const told = records.map(({ digest, inputs, results }) => ({
      digest,
      results,
      inputs: inputs.map((all) =>
        all.map(({ record, selector }) => `${records[record]?.digest} ${selector ?? ''}`).sort(),
      ),
    }));
    expect(told).toHaveLength(4);
    expect(told).toEqual(
      expect.arrayContaining([
        { digest: NEXT, inputs: [[`${COPY} `]], results: [] },
        {
          digest: COPY,
          inputs: [[`${IMAGE} `], [`${IMAGE} ${SELECTOR}`, `${CONTENT} `].sort()],
          results: [{ layers: [BASE, RUN], createdAt: 7 }],
        },
        { digest: IMAGE, inputs: [], results: [{ layers: [BASE], createdAt: 5 }] },
        { digest: CONTENT, inputs: [], results: [] },
      ]),
    );
  });

  test('drops what leads nowhere once a result is gone', () => {
    const { keys, key, id } = imported();

    keys.releaseResult(id);

    expect(keys.results(key)).toEqual([]);
    keys.releaseResult(BASE_ID);
    expect(keys.results(IMAGE)).toEqual([]);
    expect(keys.keysOf(id)).toEqual([]);
  });
});

describe('keys of this machine before imported ones', () => {
  test('are told of an imported result with all that leads to it, and not before', () => {
    const { keys, key, id } = imported();
    const stored = createMemoryCacheKeyStore();
    const layered = createLayeredKeys(stored, keys);

    expect(layered.results(key)).toEqual([{ id, createdAt: 7, imported: true }]);
    expect(stored.exists(CONTENT)).toBe(false);
    layered.adopt(id);

    expect(stored.results(key)).toEqual([{ id, createdAt: 7 }]);
    expect(stored.targets(IMAGE, { input: 0, digest: COPY })).toEqual([key]);
    expect(stored.targets(CONTENT, { input: 1, digest: COPY })).toEqual([key]);
  });

  test('learn no way to a key that only the import has a result for, until there is one here', () => {
    const { keys, key } = imported();
    const stored = createMemoryCacheKeyStore();
    const layered = createLayeredKeys(stored, keys);
    const other = sha256Digest('other content');

    layered.addLink(other, { input: 1, digest: COPY }, key);
    expect(stored.exists(other)).toBe(false);
    expect(layered.targets(other, { input: 1, digest: COPY })).toEqual([key]);
    layered.addResult(key, { id: 'made here', createdAt: 9 });

    expect(stored.targets(other, { input: 1, digest: COPY })).toEqual([key]);
    expect(stored.results(key)).toEqual([{ id: 'made here', createdAt: 9 }]);
  });

  test('come with those of the import, each once, and forget a result in both', () => {
    const { keys, key, id } = imported();
    const stored = createMemoryCacheKeyStore();
    const layered = createLayeredKeys(stored, keys);
    layered.adopt(id);

    expect(layered.targets(IMAGE, { input: 0, digest: COPY })).toEqual([key]);
    expect(layered.backlinks(key)).toHaveLength(3);
    layered.releaseResult(id);

    expect(layered.results(key)).toEqual([]);
    expect(stored.exists(CONTENT)).toBe(false);
  });
});
