// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locks } from '@img-build/interfaces';
import { describe, expect, test } from '@jest/globals';
import { createHostCalls, createLocks } from '../../src/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const parent = temporaryFolder();
const host = createHostCalls();

function create(): { locks: Locks; directory: string } {
  const directory = join(mkdtempSync(join(parent, 'l')), 'locks');
  return { locks: createLocks({ directory, host }), directory };
}

describe('locks', () => {
  test('let one holder in at a time', async () => {
    const { locks, directory } = create();
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const release = await locks.acquire('a');
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
        release();
        release();
      }),
    );
    expect(most).toBe(1);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('let readers share and a writer wait for them, saying so once', async () => {
    const { locks } = create();
    const [first, second] = await Promise.all([
      locks.acquire('a', { shared: true }),
      locks.acquire('a', { shared: true }),
    ]);
    let waits = 0;
    const waiting = Promise.withResolvers<void>();
    const writer = locks.acquire('a', { onWait: () => waiting.resolve(void waits++) });
    await waiting.promise;
    first();
    second();
    (await writer)();
    expect(waits).toBe(1);
  });

  test('tell who waits the pid of the one holder, and nothing of many', async () => {
    const directory = join(mkdtempSync(join(parent, 'l')), 'locks');
    const locks = createLocks({ directory, host, pid: 4711 });
    const told: (number | undefined)[] = [];
    const onWait = (holder?: number): void => void told.push(holder);
    const alone = await locks.acquire('a');
    const next = locks.acquire('a', { shared: true, onWait });
    expect(told).toEqual([4711]);
    alone();
    const shared = await next;
    const last = locks.acquire('a', { onWait });
    expect(told).toEqual([4711, undefined]);
    shared();
    (await last)();
  });

  test('are swept where nobody holds them', async () => {
    const directory = join(mkdtempSync(join(parent, 'l')), 'locks');
    const locks = createLocks({ directory, host });
    const release = await locks.acquire('held');
    writeFileSync(join(directory, 'left.lock'), '');

    locks.sweep();

    expect(readdirSync(directory)).toEqual(['held.lock']);
    await expect(locks.acquire('held', { signal: AbortSignal.abort('busy') })).rejects.toBe('busy');
    release();
  });

  test('stop waiting on abort', async () => {
    const { locks } = create();
    const release = await locks.acquire('a');
    const controller = new AbortController();
    const reason = new Error('enough');
    await expect(
      locks.acquire('a', { signal: controller.signal, onWait: () => controller.abort(reason) }),
    ).rejects.toBe(reason);
    release();
    (await locks.acquire('a'))();
  });

  test('keep strange names apart and inside the folder', async () => {
    const { locks, directory } = create();
    const names = ['../x', '..%2Fx', '.', 'sha256:abc', 'a/b'];
    const releases = await Promise.all(names.map((name) => locks.acquire(name)));
    expect(readdirSync(directory)).toHaveLength(names.length);
    for (const release of releases) release();
    await expect(locks.acquire('')).rejects.toThrow(RangeError);
  });

  test('are freed by the kernel when the holder is killed', async () => {
    const { locks, directory } = create();
    const script = fileURLToPath(new URL('../support/hold-lock.ts', import.meta.url));
    const child = spawn(
      process.execPath,
      ['--conditions=@img-build/source', '--disable-warning=ExperimentalWarning', script, directory],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(child.stdout, 'data');
    const next = locks.acquire('held', { onWait: () => child.kill('SIGKILL') });
    (await next)();
    expect(child.killed).toBe(true);
  });
});
