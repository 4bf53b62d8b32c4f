// SPDX-License-Identifier: MIT
import { type Duplex, duplexPair } from 'node:stream';
import { ToolError } from '@img-build/errors';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createRpcClient,
  createRpcServer,
  type RpcClient,
  type RpcMethod,
  type RpcServer,
  type RpcStreamMethod,
} from '../../src/index.ts';

interface Methods {
  readonly echo: RpcMethod<unknown, unknown>;
  readonly fail: RpcMethod<{ kind: 'tool' | 'system' | 'plain' }, never>;
  readonly count: RpcMethod<number, string, { readonly at: number; readonly bytes: Uint8Array }>;
  readonly hang: RpcMethod<null, void, 'started'>;
  readonly ignore: RpcMethod<null, string, 'started'>;
  readonly bytes: RpcStreamMethod<{ readonly chunks: number; readonly size: number }>;
}

interface Fixture {
  readonly client: RpcClient<Methods>;
  readonly server: RpcServer;
  readonly ends: readonly [Duplex, Duplex];
  readonly log: string[];
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

function create(): Fixture {
  const [near, far] = duplexPair();
  const log: string[] = [];
  const methods: Methods = {
    echo: async (params) => params,
    async fail({ kind }) {
      if (kind === 'plain') throw new Error('plain failure');
      if (kind === 'system')
        throw Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', errno: -2, path: '/x' });
      throw Object.assign(
        new ToolError('tool failure', { code: 'SOME_CODE', hint: 'do this', cause: new Error('deep') }),
        { exitCode: 7 },
      );
    },
    async count(to, { notify }) {
      for (let at = 0; at < to; at++) notify({ at, bytes: new Uint8Array([at]) });
      return 'done';
    },
    async hang(_params, { signal, notify }) {
      notify('started');
      await untilAborted(signal);
      log.push('cleaned up');
      signal.throwIfAborted();
    },
    async ignore(_params, { signal, notify }) {
      notify('started');
      await untilAborted(signal);
      return 'finished anyway';
    },
    async *bytes({ chunks, size }, { signal }) {
      try {
        for (let index = 0; index < chunks; index++) {
          log.push(`made ${index}`);
          yield new Uint8Array(size).fill(index);
        }
      } finally {
        log.push(signal.aborted ? 'stream aborted' : 'stream ended');
      }
    },
  };
  return {
    client: createRpcClient<Methods>(near),
    server: createRpcServer(far, methods),
    ends: [near, far],
    log,
  };
}

describe('a call', () => {
  test('carries bytes, bigints, maps and undefined both ways', async () => {
    const { client } = create();
    const value = {
      bytes: new Uint8Array([1, 2]),
      big: 2n ** 70n,
      map: new Map([['a', new Set([1])]]),
      nothing: undefined,
      text: 'ü\n',
    };
    const answer = (await client.call('echo', value)) as typeof value;
    expect(answer.big).toBe(2n ** 70n);
    expect([...answer.bytes]).toEqual([1, 2]);
    expect(answer.map.get('a')?.has(1)).toBe(true);
    expect('nothing' in answer).toBe(true);
    expect(answer.text).toBe('ü\n');
  });

  test('rejects with the code, hint, cause and facts of the error', async () => {
    const { client } = create();
    await expect(client.call('fail', { kind: 'tool' })).rejects.toMatchObject({
      code: 'SOME_CODE',
      hint: 'do this',
      message: 'tool failure',
      exitCode: 7,
      cause: { message: 'deep' },
    });
    await expect(client.call('fail', { kind: 'system' })).rejects.toMatchObject({
      code: 'ENOENT',
      errno: -2,
      path: '/x',
    });
    await expect(client.call('fail', { kind: 'plain' })).rejects.toMatchObject({ message: 'plain failure' });
  });

  test('delivers events in order before the result', async () => {
    const { client } = create();
    const seen: number[] = [];
    const result = await client.call('count', 1000, {
      onEvent: ({ at, bytes }) => seen.push(at === seen.length && bytes[0] === (at & 255) ? at : -1),
    });
    expect(result).toBe('done');
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  });

  test('refuses a method that does not exist, inherited names included', async () => {
    const client = create().client as unknown as RpcClient<{ toString: RpcMethod<null, null> }>;
    await expect(client.call('toString', null)).rejects.toHaveProperty('code', 'RPC_METHOD_UNKNOWN');
  });

  test('refuses what cannot be copied or is too large and stays usable', async () => {
    const { client } = create();
    await expect(client.call('echo', () => {})).rejects.toThrow('could not be cloned');
    await expect(client.call('echo', new Uint8Array(64 * 1024 * 1024))).rejects.toHaveProperty(
      'code',
      'RPC_FRAME_TOO_LARGE',
    );
    await expect(client.call('echo', 'still here')).resolves.toBe('still here');
  });

  test('runs beside others', async () => {
    const { client } = create();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 20 }), async (values) => {
        const answers = await Promise.all(values.map((value) => client.call('echo', value)));
        expect(answers).toEqual(values);
      }),
      { numRuns: 30 },
    );
  });
});

describe('an abort', () => {
  test('reaches the method and rejects with the reason once it has cleaned up', async () => {
    const { client, log } = create();
    const controller = new AbortController();
    const reason = new Error('enough');
    const call = client.call('hang', null, {
      signal: controller.signal,
      onEvent: () => controller.abort(reason),
    });
    await expect(call).rejects.toBe(reason);
    expect(log).toEqual(['cleaned up']);
  });

  test('does not hide a success', async () => {
    const { client } = create();
    const controller = new AbortController();
    await expect(
      client.call('ignore', null, { signal: controller.signal, onEvent: () => controller.abort() }),
    ).resolves.toBe('finished anyway');
  });

  test('before the call sends nothing', async () => {
    const { client } = create();
    await expect(client.call('echo', 1, { signal: AbortSignal.abort('no') })).rejects.toBe('no');
  });
});

describe('a stream', () => {
  test('delivers all bytes in order', async () => {
    const { client } = create();
    let total = 0;
    let last = -1;
    for await (const chunk of client.stream('bytes', { chunks: 40, size: 300_000 })) {
      expect(chunk[0]).toBeGreaterThanOrEqual(last);
      last = chunk[0] ?? -1;
      total += chunk.length;
    }
    expect(total).toBe(12_000_000);
  });

  test('is made no faster than it is read', async () => {
    const { client, log } = create();
    const reader = client.stream('bytes', { chunks: 100, size: 256 * 1024 })[Symbol.asyncIterator]();
    await reader.next();
    await client.call('echo', null);
    expect(log.length).toBeLessThan(8);
    await reader.return?.();
    expect(log.at(-1)).toBe('stream aborted');
  });

  test('ends with the reason of an abort', async () => {
    const { client, log } = create();
    const controller = new AbortController();
    const read = async (): Promise<void> => {
      for await (const _chunk of client.stream(
        'bytes',
        { chunks: 100, size: 256 * 1024 },
        { signal: controller.signal },
      ))
        controller.abort('stop');
    };
    await expect(read()).rejects.toBe('stop');
    expect(log.at(-1)).toBe('stream aborted');
  });
});

describe('a closed channel', () => {
  test('rejects calls in flight and later ones', async () => {
    const { client, ends } = create();
    const call = client.call('hang', null, { onEvent: () => ends[1].destroy() });
    await expect(call).rejects.toHaveProperty('code', 'RPC_CLOSED');
    await expect(client.call('echo', 1)).rejects.toHaveProperty('code', 'RPC_CLOSED');
  });

  test('aborts what runs in the server, which then says it is closed', async () => {
    const { client, server, log } = create();
    const call = client.call('hang', null, { onEvent: () => client.close() });
    await expect(call).rejects.toHaveProperty('code', 'RPC_CLOSED');
    await server.closed;
    expect(log).toEqual(['cleaned up']);
  });

  test('follows a message that announces too many bytes or makes no sense', async () => {
    for (const [bytes, code] of [
      [Buffer.alloc(9, 0xff), 'RPC_FRAME_TOO_LARGE'],
      [Buffer.from([0, 0, 0, 0, 99, 0, 0, 0, 0]), 'RPC_PROTOCOL'],
    ] as const) {
      const [near, far] = duplexPair();
      const client = createRpcClient<Methods>(near);
      const call = client.call('echo', 1);
      far.write(bytes);
      await expect(call).rejects.toMatchObject({ code: 'RPC_CLOSED', cause: { code } });
    }
  });
});
