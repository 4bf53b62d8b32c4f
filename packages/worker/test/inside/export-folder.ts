// SPDX-License-Identifier: MIT
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from '@jest/globals';

import { createTestWorker, hostTree, parent, quiet, type TestWorker, writeTree } from './fixture.ts';

describe('exporting to a folder', () => {
  let worker: TestWorker;
  beforeAll(async () => {
    worker = await createTestWorker();
    await worker.commit('tree', (root) => {
      writeTree(root, { 'd/file': 'new', 'd/script': '#!' });
      chmodSync(join(root, 'd'), 0o750);
      chmodSync(join(root, 'd/script'), 0o755);
      linkSync(join(root, 'd/file'), join(root, 'd/again'));
      symlinkSync('/etc/passwd', join(root, 'link'));
      for (const path of ['d/file', 'd']) utimesSync(join(root, path), 1000, 1000);
    });
  });
  const to = (folder: string, mode: 'copy' | 'delete' = 'copy', epoch?: number): Promise<void> =>
    worker.methods.exportFolder({ tree: { type: 'snapshot', name: 'tree' }, folder, mode, epoch }, quiet());

  test('makes it, with modes, times and links', async () => {
    const folder = join(mkdtempSync(join(parent, 'e')), 'made/here');
    await to(folder);
    expect(readFileSync(join(folder, 'd/file'), 'utf8')).toBe('new');
    expect([
      statSync(join(folder, 'd')).mode & 0o777,
      statSync(join(folder, 'd/script')).mode & 0o777,
    ]).toEqual([0o750, 0o755]);
    expect([statSync(join(folder, 'd')).mtimeMs, statSync(join(folder, 'd/file')).nlink]).toEqual([
      1_000_000, 2,
    ]);
    expect(readlinkSync(join(folder, 'link'))).toBe('/etc/passwd');
    await to(folder, 'copy', 7);
    expect([statSync(join(folder, 'd')).mtimeMs, lstatSync(join(folder, 'link')).mtimeMs]).toEqual([
      7000, 7000,
    ]);
  });

  test('keeps what else is there, or removes it when asked to', async () => {
    const folder = hostTree({ 'other/x': 'o', 'd/old': 'old', link: 'a file' }).path;
    await to(folder);
    expect([
      existsSync(join(folder, 'other/x')),
      existsSync(join(folder, 'd/old')),
      lstatSync(join(folder, 'link')).isSymbolicLink(),
    ]).toEqual([true, true, true]);
    await to(folder, 'delete');
    expect((readdirSync(folder, { recursive: true }) as string[]).sort()).toEqual([
      'd',
      'd/again',
      'd/file',
      'd/script',
      'link',
    ]);
  });

  test('never writes through a link that is there', async () => {
    const outside = mkdtempSync(join(parent, 'outside'));
    const folder = hostTree({}).path;
    symlinkSync(outside, join(folder, 'd'));
    await expect(to(folder)).rejects.toHaveProperty('code', 'FILE_COPY_CONFLICT');
    await to(folder, 'delete');
    expect(lstatSync(join(folder, 'd')).isDirectory()).toBe(true);
    expect(readdirSync(outside)).toEqual([]);
  });

  test('needs a folder', async () => {
    await expect(to(join(hostTree({ file: '' }).path, 'file'))).rejects.toHaveProperty(
      'code',
      expect.stringMatching(/EEXIST|ENOTDIR|FILE_COPY_CONFLICT/),
    );
  });

  test('stops when told to and leaves no mount', async () => {
    const reason = new Error('enough');
    await expect(
      worker.methods.exportFolder(
        { tree: { type: 'snapshot', name: 'tree' }, folder: hostTree({}).path, mode: 'copy' },
        quiet({ signal: AbortSignal.abort(reason) }),
      ),
    ).rejects.toBe(reason);
    expect(await worker.leftovers()).toEqual([]);
  });
});
