// SPDX-License-Identifier: MIT
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalDigest } from '@img-build/oci';
import { expect, test } from '@jest/globals';
import type { Exchange } from '../src/testing/index.ts';
import { openRegistry, storeImage } from './support/setup.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const SIZE = 64 * 1024 * 1024;
const HALF = SIZE / 2;

function start(mode: 'push' | 'pull', host: string, folder: string): ChildProcess {
  return spawn(
    process.execPath,
    ['--conditions=@img-build/source', join(import.meta.dirname, 'fixtures/transfer.ts'), mode, host, folder],
    { stdio: ['ignore', 'ignore', 'inherit'], env: { PATH: process.env['PATH'] } },
  );
}

async function ended(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal ?? code;
}

test('a push that is killed half-way is finished by the next process, which sends only the rest', async () => {
  const registry = await openRegistry();
  const folder = await temporaryFolder();
  const bytes = Buffer.alloc(SIZE, 'what a large layer holds; ');
  await writeFile(join(folder, 'blob'), bytes);
  await writeFile(join(folder, 'digest'), canonicalDigest(bytes));
  let received = 0;
  registry.once(/^PUT/, async ({ request, url }: Exchange) => {
    const headers = request.headers as Record<string, string | undefined>;
    const take = registry.storage.receive('PUT', url, headers);
    for await (const chunk of request) {
      if (typeof take === 'function') take(chunk as Buffer);
      received += (chunk as Buffer).length;
      if (received >= HALF) first.kill('SIGKILL');
    }
  });

  const first = start('push', registry.host, folder);
  expect(await ended(first)).toBe('SIGKILL');
  expect(await readdir(join(folder, 'uploads'))).toHaveLength(1);
  expect(await ended(start('push', registry.host, folder))).toBe(0);

  const put = registry.requests.findLast(({ method }) => method === 'PUT');
  // What the first process had handed to the kernel still arrives after its death.
  expect(received).toBeGreaterThanOrEqual(HALF);
  expect(put?.headers).toMatchObject({
    'content-length': String(SIZE - received),
    'content-range': `${received}-${SIZE - 1}`,
  });
  expect(registry.storage.repository('app').blobs.get(canonicalDigest(bytes))?.equals(bytes)).toBe(true);
  expect(await readdir(join(folder, 'uploads'))).toEqual([]);
});

test('a pull that is killed half-way is finished by the next process, which fetches only the rest', async () => {
  const registry = await openRegistry();
  const folder = await temporaryFolder();
  const { layer, layerBytes } = storeImage(registry, SIZE);
  registry.once(new RegExp(`^GET .*/blobs/${layer.digest}`), async ({ request, response }) => {
    response.writeHead(200, { 'content-length': SIZE });
    response.write(layerBytes.subarray(0, HALF));
    // The rest never comes: the process dies waiting for it.
    const partial = join(folder, 'layout/.partial', layer.digest.slice(7));
    const size = async () =>
      await stat(partial).then(
        ({ size }) => size,
        () => 0,
      );
    while ((await size()) < HALF) await new Promise((resolve) => setImmediate(resolve));
    first.kill('SIGKILL');
    request.socket.on('close', () => response.destroy());
  });

  const first = start('pull', registry.host, folder);
  expect(await ended(first)).toBe('SIGKILL');
  expect(await ended(start('pull', registry.host, folder))).toBe(0);

  const get = registry.requests.findLast(({ path }) => path.endsWith(layer.digest));
  expect(get?.headers['range']).toBe(`bytes=${HALF}-`);
  const stored = join(folder, 'layout/blobs/sha256', layer.digest.slice(7));
  expect((await stat(stored)).size).toBe(SIZE);
  expect(await readdir(join(folder, 'layout'))).toEqual(['blobs', 'index.json', 'oci-layout']);
});
