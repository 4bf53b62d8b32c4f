// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FileRequest, Tree } from '@img-build/interfaces';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteWorker, type RemoteWorker } from '../src/index.ts';

let parent: string;
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'img-remote-'));
});
afterAll(() => {
  rmSync(parent, { recursive: true, force: true });
});

const PROGRAM = fileURLToPath(new URL('./fixtures/worker-program.ts', import.meta.url));

function newState(): string {
  const state = join(mkdtempSync(join(parent, 's')), 'state');
  mkdirSync(state);
  return state;
}

function start(state: string, backend: 'auto' | 'native' | 'overlayfs' = 'auto'): RemoteWorker {
  const settings = JSON.stringify({ state, backend });
  const flags = ['--conditions=@img-build/source', '--disable-warning=ExperimentalWarning'];
  return createRemoteWorker({ command: [process.execPath, ...flags, PROGRAM, settings], env: process.env });
}

/** A copy of a host folder's file to a new snapshot. */
function request(tree: Tree, name: string): FileRequest {
  const action = {
    type: 'copy',
    source: '/file',
    destination: '/copied',
    followSymlink: true,
    directoryContents: true,
    unpackArchive: false,
    createDestinationPath: true,
    allowWildcard: false,
    allowEmptyWildcard: false,
  } as const;
  return { inputs: [tree], steps: [{ input: -1, secondary: 0, action }], outputs: [{ step: 0, name }] };
}

function context(text: string): Tree {
  const path = mkdtempSync(join(parent, 'c'));
  writeFileSync(join(path, 'file'), text);
  return { type: 'host', path, rootOwned: true };
}

test('is not started by what needs no process', async () => {
  const worker = start(newState());
  expect(await worker.remove([])).toEqual([]);
  expect(worker.started).toBe(false);
  await worker.close();
});

describe.each(['overlayfs', 'native'] as const)('with %s', (backend) => {
  test('does everything over its channel, and keeps it for the next', async () => {
    const state = newState();
    const worker = start(state, backend);
    expect(await worker.backend()).toBe(backend);
    await worker.file(request(context('text'), 'one'));
    const one: Tree = { type: 'snapshot', name: 'one' };
    expect(Buffer.from(await worker.readFile(one, '/copied', 10)).toString()).toBe('text');
    expect(await worker.checksum(one, [{ path: '/copied' }])).toEqual([expect.stringMatching(/^sha256:/)]);
    expect((await worker.usage('one')).size).toBeGreaterThan(0);
    const layer = await worker.diff('one', { compression: 'gzip' });
    await worker.unpack({ name: 'again', layer: layer.descriptor, diffId: layer.diffId });
    await worker.materialize('made', context('other'));
    const progress: number[] = [];
    let size = 0;
    for await (const chunk of worker.exportTar(one, { onProgress: (bytes) => progress.push(bytes) }))
      size += chunk.length;
    expect(progress.at(-1)).toBe(size);
    const folder = join(parent, `out-${backend}`);
    await worker.exportFolder(one, folder, 'copy');
    expect(readFileSync(join(folder, 'copied'), 'utf8')).toBe('text');
    await worker.close();

    const next = start(state, backend);
    expect(
      Buffer.from(await next.readFile({ type: 'snapshot', name: 'again' }, '/copied', 10)).toString(),
    ).toBe('text');
    expect([...(await next.remove(['one', 'again', 'made']))].sort()).toEqual(['again', 'made', 'one']);
    await next.close();
  });
});

test('errors keep their codes on the way', async () => {
  const worker = start(newState());
  const missing = { ...request(context('x'), 'never'), inputs: [{ type: 'empty' }] } as const;
  await expect(worker.file(missing)).rejects.toMatchObject({ code: 'TREE_PATH_NOT_FOUND' });
  await expect(worker.readFile({ type: 'snapshot', name: 'none' }, '/x', 1)).rejects.toHaveProperty(
    'code',
    'SNAPSHOT_NOT_FOUND',
  );
  const reason = new Error('enough');
  await expect(
    worker.file(request(context('x'), 'never'), { signal: AbortSignal.abort(reason) }),
  ).rejects.toBe(reason);
  await worker.close();
});

test('leaves no mount behind, and the next one removes what a killed one left', async () => {
  const state = newState();
  const worker = start(state);
  worker.warmUp();
  await worker.file(request(context('x'), 'one'));
  // A tar whose reader went away with the process: its view is never closed.
  const reading = worker.exportTar({ type: 'snapshot', name: 'one' })[Symbol.asyncIterator]();
  await reading.next();
  await worker.close();
  await reading.return?.().catch(() => {});
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(state);
  const next = start(state);
  expect(await next.remove(['one'])).toEqual(['one']);
  await next.close();
  expect(readdirSync(join(state, 'run'))).toEqual([]);
  expect(spawnSync('pgrep', ['-f', state], { encoding: 'utf8' }).stdout).toBe('');
});
