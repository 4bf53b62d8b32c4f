// SPDX-License-Identifier: MIT
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createDirectoryContentStore, type DirectoryContentStore } from '@img-build/content-store';
import { createHostCalls } from '@img-build/host';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const CHILD = fileURLToPath(new URL('./fixtures/ingest.ts', import.meta.url));
const ABC = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const ONE_DAY = 24 * 60 * 60 * 1000;

let folder: string;
let root: string;
let store: DirectoryContentStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'content-store-'));
  root = join(folder, 'content');
  store = createDirectoryContentStore({ root, host: createHostCalls() });
});

afterEach(() => rmSync(folder, { recursive: true }));

test('keeps blobs as read-only files named by their digest', async () => {
  await store.ingest('text/plain', letters('abc'));

  expect(store.pathOf(ABC)).toBe(join(root, 'blobs/sha256', ABC.slice(7)));
  expect(statSync(store.pathOf(ABC)).mode & 0o7777).toBe(0o444);
  expect(readdirSync(join(root, 'ingest'))).toEqual([]);
});

test('creates nothing until something is stored', async () => {
  expect(await store.info(ABC)).toBeUndefined();
  await store.remove(ABC);
  expect(await store.sweep()).toEqual({ files: 0, size: 0 });
  expect(existsSync(root)).toBe(false);
});

test('lets no digest lead outside its folder', () => {
  expect(() => store.pathOf('sha256:../../../etc/passwd')).toThrow(
    expect.objectContaining({ code: 'DIGEST_INVALID' }),
  );
});

test('notices a blob that was damaged on disk, and heals it when it is stored again', async () => {
  await store.ingest('text/plain', letters('abc'));
  chmodSync(store.pathOf(ABC), 0o600);
  writeFileSync(store.pathOf(ABC), 'abd');

  await expect(store.read(ABC)).rejects.toHaveProperty('code', 'CONTENT_DIGEST_MISMATCH');
  await store.ingest('text/plain', letters('abc'));

  expect(Buffer.from(await store.read(ABC)).toString()).toBe('abc');
});

test('ignores files that are not blobs', async () => {
  await store.ingest('text/plain', letters('abc'));
  writeFileSync(join(root, 'blobs/sha256/notes.txt'), 'x');
  writeFileSync(join(root, 'blobs/README'), 'x');

  const found = [];
  for await (const { digest } of store.walk()) found.push(digest);

  expect(found).toEqual([ABC]);
});

test('ends an ingest whose source is silent when the signal aborts', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  async function* silent(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('abc');
    setImmediate(() => controller.abort(reason));
    await new Promise(() => {});
  }

  await expect(store.ingest('text/plain', silent(), { signal: controller.signal })).rejects.toBe(reason);
  expect(readdirSync(join(root, 'ingest'))).toEqual([]);
});

test('ends the wait for an ingest when the signal aborts', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const holder = await store.resume('one');
  const waiting = store.resume('one', { signal: controller.signal });
  setImmediate(() => controller.abort(reason));

  await expect(waiting).rejects.toBe(reason);
  await holder.close();
});

test('sweeps what a killed process left, but keeps its resumable bytes for a day', async () => {
  const child = startChild('kill');
  await once(child, 'exit');
  expect(readdirSync(join(root, 'ingest'))).toHaveLength(2);

  expect(await store.sweep()).toEqual({ files: 1, size: 1024 * 1024 });
  const ingest = await store.resume('shared');
  expect(ingest.offset).toBe(1024 * 1024);
  await ingest.close();

  const [left = ''] = readdirSync(join(root, 'ingest'));
  utimesSync(join(root, 'ingest', left), 0, (Date.now() - ONE_DAY - 1000) / 1000);
  expect(await store.sweep()).toEqual({ files: 1, size: 1024 * 1024 });
  expect(readdirSync(join(root, 'ingest'))).toEqual([]);
});

test('never sweeps what a living process writes', async () => {
  const child = startChild('hold');
  await once(child.stdout, 'data');
  const later = createDirectoryContentStore({
    root,
    host: createHostCalls(),
    now: () => Date.now() + 10 * ONE_DAY,
  });

  expect(await later.sweep()).toEqual({ files: 0, size: 0 });
  const answer = once(child.stdout, 'data');
  child.stdin.write('go on\n');
  const digest = String((await answer)[0]);
  await once(child, 'exit');

  expect((await store.info(digest as typeof ABC))?.size).toBe(1024 * 1024);
  expect(await later.sweep()).toEqual({ files: 1, size: 1024 * 1024 });
});

test('says that the disk is full, keeps nothing, and works on', () => {
  const script =
    'mount -t tmpfs -o size=8m tmpfs "$1" && exec "$2" --conditions=@img-build/source "$3" "$1/content" fill';
  const result = spawnSync(
    'unshare',
    ['-Urm', '--', 'sh', '-c', script, 'sh', folder, process.execPath, CHILD],
    { encoding: 'utf8' },
  );

  expect(result.stderr).toBe('');
  expect(JSON.parse(result.stdout)).toEqual({ code: 'CONTENT_NO_SPACE', small: ABC });
});

function startChild(what: string): ChildProcessByStdio<Writable, Readable, null> {
  return spawn(process.execPath, ['--conditions=@img-build/source', CHILD, root, what], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

async function* letters(text: string): AsyncGenerator<Uint8Array> {
  for (const letter of text) yield Buffer.from(letter);
}

test('an ingest that was opened and got nothing leaves nothing', async () => {
  await (await store.resume('empty')).close();
  const emptied = await store.resume('emptied');
  await emptied.write(Buffer.from('abc'));
  await emptied.truncate();
  await emptied.close();

  expect(readdirSync(join(root, 'ingest'))).toEqual([]);
});
