// SPDX-License-Identifier: MIT
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import { openState, statePath } from './temporary-state.ts';

function startWriter(...values: readonly string[]): ChildProcess {
  const file = join(import.meta.dirname, 'fixtures', 'writer.ts');
  return spawn(process.execPath, ['--conditions=@img-build/source', file, ...values], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Every record has its link and its result, and the file is sound. */
function expectWhole(path: string, names: readonly string[]): number {
  const metadata = openState({ path });
  const records = metadata.records.list();
  for (const { id } of records) {
    expect(metadata.cacheKeys.results(id)).toHaveLength(1);
    expect(metadata.cacheKeys.backlinks(id)).toHaveLength(1);
  }
  const targets = names.flatMap((name) => metadata.cacheKeys.targets(name, { input: 0, digest: 'sha256:0' }));
  expect(targets).toHaveLength(records.length);
  const raw = new DatabaseSync(path, { readOnly: true });
  expect(raw.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  raw.close();
  return records.length;
}

describe('several processes on one database', () => {
  test('create it at once and lose no write', async () => {
    const path = statePath();
    const names = ['a', 'b', 'c', 'd'];

    const writers = names.map((name) => startWriter(path, name, '50'));
    const codes = await Promise.all(writers.map(async (writer) => (await once(writer, 'exit'))[0]));

    expect(codes).toEqual([0, 0, 0, 0]);
    expect(expectWhole(path, names)).toBe(200);
  }, 60_000);

  test('leave whole transactions and dead leases when killed', async () => {
    const path = statePath();
    const names = [0, 1, 2, 3, 4, 5].map((round) => `w${round}`);
    for (const name of names) {
      const writer = startWriter(path, name);
      await once(writer.stdout as NodeJS.ReadableStream, 'data');
      const metadata = openState({ path });
      expect([...metadata.leases.protectedResources().records]).toEqual([name]);

      writer.kill('SIGKILL');
      await once(writer, 'exit');

      expect(metadata.leases.protectedResources().records.size).toBe(0);
      metadata.images.put(`after-${name}`, { mediaType: 'm', digest: 'sha256:1', size: 1 });
    }
    expect(expectWhole(path, names)).toBeGreaterThanOrEqual(names.length);
  }, 60_000);
});
