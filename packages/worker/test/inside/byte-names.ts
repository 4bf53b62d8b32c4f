// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileAction } from '@img-build/interfaces';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { copy, createTestWorker, hostTree, shell, type TestWorker, writeBusybox } from './fixture.ts';

let worker: TestWorker;
beforeAll(async () => {
  worker = await createTestWorker();
  await worker.commit('base', writeNames);
  await worker.commit('busybox', (root) => {
    writeBusybox(root);
    writeNames(root);
  });
});
afterEach(async () => {
  expect(await worker.leftovers()).toEqual([]);
});

/** No UTF-8 in either name. */
const ODD = '\xff\xfe';

function below(root: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')]);
}

/** A folder with such a name, links to it and to one that does not exist. */
function writeNames(root: string): void {
  mkdirSync(below(root, ODD));
  writeFileSync(below(root, `${ODD}/a.old`), 'old');
  symlinkSync(Buffer.from(ODD, 'latin1'), join(root, 'link'));
  symlinkSync(Buffer.from('/new\xff', 'latin1'), join(root, 'dangling'));
}

async function names(action: FileAction, folder: string): Promise<readonly string[]> {
  const context = hostTree({ file: 'content', 'd/inner': 'content' });
  spawnSync('tar', ['-cf', join(context.path, 'a.tar'), '-C', join(context.path, 'd'), 'inner']);
  const output = await worker.file([action], [{ type: 'snapshot', name: 'base' }, context]);
  return await worker.look(output, (root) => readdirSync(below(root, folder)).sort());
}

test('links lead to names of any bytes', async () => {
  const folder = (path: string): FileAction => ({
    type: 'make-directory',
    path,
    mode: 0o755,
    makeParents: true,
  });
  const file = { type: 'make-file', path: '/link/made', mode: 0o644, data: Buffer.from('') } as const;
  expect(await names(copy('file', '/link/'), ODD)).toEqual(['a.old', 'file']);
  expect(await names(copy('d', '/link'), ODD)).toEqual(['a.old', 'inner']);
  expect(await names(copy('d', '/dangling/sub'), 'new\xff')).toEqual(['sub']);
  expect(await names(copy('a.tar', '/dangling/', { unpackArchive: true }), 'new\xff')).toEqual(['inner']);
  expect(await names(folder('/link/deep/er'), ODD)).toEqual(['a.old', 'deep']);
  expect(await names(file, ODD)).toEqual(['a.old', 'made']);
});

test.each(['/link/a.old', '/*/a.*'])('%s is removed', async (path) => {
  const action: FileAction = { type: 'remove', path, allowNotFound: false, allowWildcard: true };
  expect(await names(action, ODD)).toEqual([]);
});

test('a mount at one, which no container can be told, is refused by name', async () => {
  const tmpfs = { destination: '/link/sub', type: 'tmpfs', readonly: false } as const;
  await expect(worker.exec(shell('true', 'busybox', { extra: [tmpfs] }))).rejects.toMatchObject({
    code: 'TREE_PATH_INVALID',
    message: 'cannot mount at /\ufffd\ufffd/sub: the name is not UTF-8',
  });
  const input = hostTree({});
  writeNames(input.path);
  const bind = { destination: '/m', type: 'bind', readonly: true, input, selector: '/link' } as const;
  await expect(worker.exec(shell('true', 'busybox', { extra: [bind] }))).rejects.toHaveProperty(
    'code',
    'EXEC_MOUNT_INVALID',
  );
});

test('their content stays what it was', async () => {
  await worker.look('base', (root) => expect(readFileSync(below(root, `${ODD}/a.old`), 'utf8')).toBe('old'));
});
