// SPDX-License-Identifier: MIT
import type { Layer } from '@img-build/interfaces';
import {
  createMemoryCacheRecordStore,
  createMemoryContentStore,
  createMemoryLease,
  createMemoryLocks,
} from '@img-build/testkit';
import { describe, expect, test } from '@jest/globals';
import { createRecordChains, type LayerFetcher } from '../src/index.ts';
import { createFakeWorker, putLayer } from './support/fake-worker.ts';

interface ChainSettings {
  readonly fetchLayer?: LayerFetcher;
}

/** A chain of three records: `a` has a blob, `b` is at a registry, `c` is a snapshot. */
async function createChain({ fetchLayer }: ChainSettings = {}) {
  const content = createMemoryContentStore();
  const records = createMemoryCacheRecordStore();
  const lease = createMemoryLease();
  const locks = createMemoryLocks();
  const worker = createFakeWorker({ content, folders: new Map(), program: () => ({ exitCode: 0 }) });
  const fetched: string[] = [];
  const chains = createRecordChains({
    records,
    content,
    worker,
    locks,
    lease,
    isUnpacked: worker.isUnpacked,
    fetchLayer:
      fetchLayer ??
      (async (remote) => {
        fetched.push(remote);
        await putLayer(content, { b: '2' });
      }),
  });
  const [a, b] = [await putLayer(content, { a: '1' }), await putLayer(content, { b: '2' })];
  await content.remove(b.descriptor.digest);
  records.put({ id: 'a', type: 'regular', description: '', layer: a });
  records.put({ id: 'b', parent: 'a', type: 'regular', description: '', layer: b, remote: 'registry' });
  return { content, records, lease, locks, worker, fetched, chains, a, b };
}

/** A record on top that exists as a snapshot only. */
async function withTop({ worker, chains, records }: Awaited<ReturnType<typeof createChain>>): Promise<void> {
  await chains.unpack('b');
  await worker.file({
    inputs: [{ type: 'snapshot', name: 'b' }],
    steps: [
      {
        input: 0,
        secondary: -1,
        action: { type: 'make-file', path: '/c', mode: 0o644, data: Buffer.from('3') },
      },
    ],
    outputs: [{ step: 0, name: 'c' }],
  });
  records.put({ id: 'c', parent: 'b', type: 'regular', description: '' });
}

describe('unpacking', () => {
  test('fetches what is not here, and nothing else', async () => {
    const { chains, worker, fetched, lease, a, b } = await createChain();
    await chains.unpack('b');
    expect(worker.files('b')).toEqual({ a: '1', b: '2' });
    expect(fetched).toEqual(['registry']);
    expect([...lease.blobs]).toEqual([a.descriptor.digest, b.descriptor.digest]);
    await chains.unpack('b');
    expect([fetched.length, worker.calls.length]).toEqual([1, 2]);
  });

  test('of one chain by several at once is done once', async () => {
    const { chains, worker, fetched } = await createChain();
    await Promise.all([chains.unpack('b'), chains.unpack('a'), chains.unpack('b')]);
    expect(worker.calls).toEqual(['unpack a', 'unpack b']);
    expect(fetched).toHaveLength(1);
  });

  test('waits for another process that is at it, and leaves its work alone', async () => {
    const { chains, worker, locks, a } = await createChain();
    const release = await locks.acquire('record-a');
    const running = chains.unpack('a');
    await worker.unpack({ name: 'a', layer: a.descriptor, diffId: a.diffId });
    release();
    await running;
    expect(worker.calls).toEqual(['unpack a']);
    expect(locks.held).toEqual([]);
  });

  test('goes on from the bottom up while transfers above are still running', async () => {
    const { promise: arrived, resolve } = Promise.withResolvers<void>();
    const order: string[] = [];
    const chain = await createChain({
      async fetchLayer() {
        await arrived;
        await putLayer(chain.content, { b: '2' });
      },
    });
    const running = chain.chains.unpack('b', { onLayer: (_layer: Layer, stage) => void order.push(stage) });
    while (chain.worker.calls.length === 0) await Promise.resolve();
    expect(chain.worker.calls).toEqual(['unpack a']);
    resolve();
    await running;
    expect(chain.worker.calls).toEqual(['unpack a', 'unpack b']);
  });

  test('that fails frees its locks and may be tried again', async () => {
    let attempts = 0;
    const chain = await createChain({
      async fetchLayer() {
        if (attempts++ === 0) throw new Error('unreachable');
        await putLayer(chain.content, { b: '2' });
      },
    });
    await expect(chain.chains.unpack('b')).rejects.toThrow('unreachable');
    expect(chain.locks.held).toEqual([]);
    await chain.chains.unpack('b');
    expect(chain.worker.files('b')).toEqual({ a: '1', b: '2' });
  });

  test('goes on when the one who was at it failed', async () => {
    const gate = Promise.withResolvers<void>();
    const chain = await createChain();
    let failed = false;
    const { unpack } = chain.worker;
    chain.worker.unpack = async (request, options) => {
      if (!failed) {
        failed = true;
        await gate.promise;
        throw new Error('disk is full');
      }
      await unpack(request, options);
    };
    const first = chain.chains.unpack('a');
    while (!failed) await Promise.resolve();
    const second = chain.chains.unpack('b');
    gate.resolve();
    await expect(first).rejects.toThrow('disk is full');
    await second.catch(() => {});
    await chain.chains.unpack('b');
    expect(chain.worker.files('b')).toEqual({ a: '1', b: '2' });
    expect(chain.locks.held).toEqual([]);
  });

  test('stops when told to', async () => {
    const { chains, locks } = await createChain();
    const reason = new Error('enough');
    await expect(chains.unpack('b', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(locks.held).toEqual([]);
  });
});

describe('packing', () => {
  test('makes a blob only where there is none, as asked for', async () => {
    const chain = await createChain();
    await withTop(chain);
    const layers = await chain.chains.layers('c', {
      compression: 'zstd',
      compressionLevel: 3,
      mediaTypes: 'docker',
    });
    expect(layers.map(({ diffId }) => diffId).slice(0, 2)).toEqual([chain.a.diffId, chain.b.diffId]);
    expect(chain.worker.calls.filter((call) => call.startsWith('diff'))).toEqual(['diff c']);
    expect(chain.worker.diffOptions).toEqual([
      { compression: 'zstd', compressionLevel: 3, mediaTypes: 'docker' },
    ]);
    expect(chain.records.get('c')?.layer).toEqual(layers[2]);
    expect(chain.lease.blobs.has(layers[2]?.descriptor.digest ?? '')).toBe(true);
  });

  test('of one record by several at once is done once', async () => {
    const chain = await createChain();
    await withTop(chain);
    const [one, two] = await Promise.all([chain.chains.layers('c'), chain.chains.layers('c')]);
    expect(one).toEqual(two);
    expect(chain.worker.calls.filter((call) => call.startsWith('diff'))).toHaveLength(1);
  });

  test('with other times is done for the one who asks, and base images stay as they are', async () => {
    const chain = await createChain();
    await withTop(chain);
    const plain = await chain.chains.layers('c');
    const rewritten = await chain.chains.layers('c', { rewriteTimestamp: 7 });
    expect(rewritten[2]?.diffId).not.toBe(plain[2]?.diffId);
    expect(chain.records.get('c')?.layer).toEqual(plain[2]);
    expect(chain.worker.diffOptions.at(-1)).toEqual({ rewriteTimestamp: 7 });
    chain.records.put({ id: 'sha256:image', type: 'regular', description: '', layer: chain.a });
    expect(await chain.chains.layers('sha256:image', { rewriteTimestamp: 7 })).toEqual([chain.a]);
  });

  test('makes a lost blob again from the files', async () => {
    const chain = await createChain();
    await withTop(chain);
    const before = await chain.chains.layers('c');
    await chain.content.remove(before[2]?.descriptor.digest ?? 'sha256:none');
    expect(await chain.chains.layers('c')).toEqual(before);
    expect(chain.worker.calls.filter((call) => call.startsWith('diff'))).toEqual(['diff c', 'diff c']);
  });
});

describe('a record that is lost', () => {
  test.each(['unpack', 'layers'] as const)('fails %s', async (call) => {
    const { chains, content, a } = await createChain();
    await expect(chains[call]('none')).rejects.toHaveProperty('code', 'BUILD_RECORD_LOST');
    await content.remove(a.descriptor.digest);
    await expect(chains[call]('a')).rejects.toHaveProperty('code', 'BUILD_RECORD_LOST');
  });

  test('without files and layer fails both', async () => {
    const { chains, records } = await createChain();
    records.put({ id: 'bare', parent: 'a', type: 'regular', description: '' });
    await expect(chains.unpack('bare')).rejects.toHaveProperty('code', 'BUILD_RECORD_LOST');
    await expect(chains.layers('bare')).rejects.toHaveProperty('code', 'BUILD_RECORD_LOST');
  });

  test('makes its chain less than whole', async () => {
    const chain = await createChain();
    expect(await chain.chains.isWhole('b')).toBe(true);
    chain.records.put({ id: 'top', parent: 'missing', type: 'regular', description: '', layer: chain.a });
    chain.records.put({ id: 'bare', parent: 'a', type: 'regular', description: '' });
    for (const id of ['top', 'bare', 'none']) expect(await chain.chains.isWhole(id)).toBe(false);
    await chain.content.remove(chain.a.descriptor.digest);
    expect(await chain.chains.isWhole('b')).toBe(false);
  });
});
