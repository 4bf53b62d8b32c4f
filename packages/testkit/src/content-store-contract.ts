// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type { ContentStore } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';

const ABC: Digest = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const WRONG: Digest = `sha256:${'0'.repeat(64)}`;

/** The behaviour every content store must have. `create` returns an empty one. */
export function describeContentStore(name: string, create: () => Promise<ContentStore>): void {
  describe(`${name} as a ContentStore`, () => {
    describeIngest(create);
    describeReading(create);
    describeResume(create);
  });
}

function describeIngest(create: () => Promise<ContentStore>): void {
  test('stores a blob under its digest', async () => {
    const store = await create();

    const descriptor = await store.ingest('text/plain', chunks('a', 'b', 'c'));

    expect(descriptor).toEqual({ mediaType: 'text/plain', digest: ABC, size: 3 });
    expect(Buffer.from(await store.read(ABC)).toString()).toBe('abc');
    expect(await store.info(ABC)).toEqual({ digest: ABC, size: 3, createdAt: expect.any(Number) });
  });

  test('stores an empty blob', async () => {
    const store = await create();

    const { digest } = await store.ingest('text/plain', chunks());

    expect(await readAll(store.open(digest))).toHaveLength(0);
    expect(await store.read(digest)).toHaveLength(0);
  });

  test('uses the algorithm of the expected digest', async () => {
    const store = await create();
    const expected: Digest = `sha512:${createHash('sha512').update('abc').digest('hex')}`;

    const { digest } = await store.ingest('text/plain', chunks('abc'), { expected });

    expect(digest).toBe(expected);
    expect(Buffer.from(await store.read(expected)).toString()).toBe('abc');
  });

  test('does not keep a chunk that its sender changes afterwards', async () => {
    const store = await create();
    async function* reusing(): AsyncGenerator<Uint8Array> {
      const chunk = Buffer.from('a');
      for (const letter of 'abc') {
        chunk.write(letter);
        yield chunk;
      }
    }

    expect((await store.ingest('text/plain', reusing())).digest).toBe(ABC);
  });

  test('hides a blob whose digest was promised wrongly', async () => {
    const store = await create();

    await expect(store.ingest('text/plain', chunks('abc'), { expected: WRONG })).rejects.toHaveProperty(
      'code',
      'CONTENT_DIGEST_MISMATCH',
    );

    await expect(readAll(store.open(WRONG))).rejects.toHaveProperty('code', 'CONTENT_NOT_FOUND');
    expect(await store.info(ABC)).toBeUndefined();
  });

  test.each([2, 4])('hides a blob of three bytes promised to have %d', async (size) => {
    const store = await create();

    await expect(store.ingest('text/plain', chunks('a', 'b', 'c'), { size })).rejects.toHaveProperty(
      'code',
      'CONTENT_SIZE_MISMATCH',
    );

    expect(await store.info(ABC)).toBeUndefined();
  });

  test('stops reading a source that is longer than promised', async () => {
    const store = await create();
    let sent = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.from(String(sent++ % 10));
    }

    await expect(store.ingest('text/plain', endless(), { size: 5 })).rejects.toHaveProperty(
      'code',
      'CONTENT_SIZE_MISMATCH',
    );

    expect(sent).toBe(6);
  });

  test('keeps nothing of a source that fails', async () => {
    const store = await create();
    const failure = new Error('source failed');
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('abc');
      throw failure;
    }

    await expect(store.ingest('text/plain', failing())).rejects.toBe(failure);

    expect(await collect(store.walk())).toEqual([]);
  });

  test('rejects with the reason of an abort', async () => {
    const store = await create();
    const reason = new Error('enough');
    const controller = new AbortController();
    async function* aborting(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('abc');
      controller.abort(reason);
      yield Buffer.from('def');
    }

    await expect(store.ingest('text/plain', aborting(), { signal: controller.signal })).rejects.toBe(reason);
    await expect(store.ingest('text/plain', chunks('abc'), { signal: controller.signal })).rejects.toBe(
      reason,
    );

    expect(await collect(store.walk())).toEqual([]);
  });

  test('accepts the same bytes from several ingests at once', async () => {
    const store = await create();
    const text = 'same bytes '.repeat(100_000);

    const all = await Promise.all(
      Array.from({ length: 8 }, () => store.ingest('text/plain', chunks(text, text))),
    );

    expect(new Set(all.map(({ digest }) => digest)).size).toBe(1);
    expect((await readAll(store.open(all[0]?.digest ?? WRONG))).toString()).toBe(text + text);
  });
}

function describeReading(create: () => Promise<ContentStore>): void {
  test('reads from an offset', async () => {
    const store = await create();
    const text = Array.from({ length: 200_000 }, (_, index) => index % 10).join('');
    const { digest } = await store.ingest('text/plain', chunks(text));

    expect((await readAll(store.open(digest, { offset: 123_456 }))).toString()).toBe(text.slice(123_456));
    expect(await readAll(store.open(digest, { offset: text.length }))).toHaveLength(0);
  });

  test('refuses to read more than the limit', async () => {
    const store = await create();
    await store.ingest('text/plain', chunks('abc'));

    await expect(store.read(ABC, 2)).rejects.toHaveProperty('code', 'CONTENT_TOO_LARGE');
    expect(await store.read(ABC, 3)).toHaveLength(3);
  });

  test('says what is absent', async () => {
    const store = await create();

    expect(await store.info(ABC)).toBeUndefined();
    await expect(store.read(ABC)).rejects.toHaveProperty('code', 'CONTENT_NOT_FOUND');
    await expect(readAll(store.open(ABC))).rejects.toHaveProperty('code', 'CONTENT_NOT_FOUND');
  });

  test('lists and removes', async () => {
    const store = await create();
    const first = await store.ingest('text/plain', chunks('abc'));
    const second = await store.ingest('text/plain', chunks('def'));

    expect((await collect(store.walk())).map(({ digest }) => digest).sort()).toEqual(
      [first.digest, second.digest].sort(),
    );
    await store.remove(first.digest);
    await store.remove(first.digest);

    expect((await collect(store.walk())).map(({ digest }) => digest)).toEqual([second.digest]);
    expect(await store.info(first.digest)).toBeUndefined();
  });
}

function describeResume(create: () => Promise<ContentStore>): void {
  test('goes on where an ingest was left', async () => {
    const store = await create();
    const first = await store.resume('download sha256:ab/../c');
    await first.write(Buffer.from('ab'));
    await first.close();

    const second = await store.resume('download sha256:ab/../c');
    expect(second.offset).toBe(2);
    await second.write(Buffer.from('c'));

    expect(await second.commit('text/plain', { expected: ABC, size: 3 })).toEqual({
      mediaType: 'text/plain',
      digest: ABC,
      size: 3,
    });
    expect((await store.read(ABC)).byteLength).toBe(3);
  });

  test('starts again after truncate', async () => {
    const store = await create();
    const ingest = await store.resume('one');
    await ingest.write(Buffer.from('wrong'));
    await ingest.truncate();
    expect(ingest.offset).toBe(0);
    await ingest.write(Buffer.from('abc'));

    expect((await ingest.commit('text/plain')).digest).toBe(ABC);
  });

  test('drops the bytes of a commit that does not fit', async () => {
    const store = await create();
    const ingest = await store.resume('one');
    await ingest.write(Buffer.from('abc'));

    await expect(ingest.commit('text/plain', { expected: WRONG })).rejects.toHaveProperty(
      'code',
      'CONTENT_DIGEST_MISMATCH',
    );

    const next = await store.resume('one');
    expect(next.offset).toBe(0);
    await next.close();
    expect(await collect(store.walk())).toEqual([]);
  });

  test('lets a second holder wait for the first', async () => {
    const store = await create();
    const order: string[] = [];
    const first = await store.resume('one');
    const waiting = store.resume('one').then((ingest) => {
      order.push('second');
      return ingest;
    });
    await first.write(Buffer.from('abc'));
    order.push('first');
    await first.commit('text/plain');
    const second = await waiting;

    expect(order).toEqual(['first', 'second']);
    expect(second.offset).toBe(0);
    await second.close();
    expect((await store.read(ABC)).byteLength).toBe(3);
  });

  test('keeps ingests of different ids apart', async () => {
    const store = await create();
    const [first, second] = await Promise.all([store.resume('one'), store.resume('two')]);
    await first.write(Buffer.from('abc'));
    expect(second.offset).toBe(0);
    await Promise.all([first.close(), second.close()]);

    const again = await store.resume('one');
    expect(again.offset).toBe(3);
    await again.close();
  });
}

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function readAll(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await collect(source));
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}
