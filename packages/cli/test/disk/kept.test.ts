// SPDX-License-Identifier: MIT
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { sizeOnDisk } from '../../src/disk/folder-size.ts';
import { keptSources } from '../../src/disk/kept-sources.ts';
import { keepReserve, RESERVE_BYTES, useReserve } from '../../src/disk/reserve.ts';

let folder: string;
const services = { state: () => folder };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'img-disk-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, content: string): string {
  const full = join(folder, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, content);
  return full;
}

test('the reserve takes real space, once, until it is needed', () => {
  keepReserve(services);
  keepReserve(services);
  expect(readdirSync(folder)).toEqual(['reserve']);
  expect(sizeOnDisk(join(folder, 'reserve'))).toBeGreaterThanOrEqual(RESERVE_BYTES);
  expect(statSync(join(folder, 'reserve')).mode & 0o777).toBe(0o600);

  useReserve(services);
  useReserve(services);
  expect(readdirSync(folder)).toEqual([]);
});

test('repositories and downloads are told with where they came from and when they were used', () => {
  const hash = 'ab'.repeat(32);
  const repository = 'cd'.repeat(32);
  utimesSync(
    write(`sources/git/repositories/${repository}/description`, 'https://example.com/r.git\n'),
    50,
    50,
  );
  write(`sources/git/repositories/${repository}/objects/pack/p.pack`, 'x'.repeat(9000));
  utimesSync(write(`sources/http/files/${hash}`, 'content'), 70, 70);
  write(`sources/http/files/${'0'.repeat(32)}.tmp`, 'being written');
  write(
    'sources/http/known/1.json',
    JSON.stringify({ digest: `sha256:${hash}`, url: 'https://example.com/f' }),
  );
  write('sources/http/known/2.json', '{"digest": "sha');

  const [first, second, ...others] = keptSources(services);

  expect(others).toEqual([]);
  expect(first?.record).toMatchObject({
    id: repository,
    type: 'source.git.checkout',
    description: 'git repository https://example.com/r.git',
    lastUsedAt: 50_000,
  });
  expect(first?.size).toBeGreaterThanOrEqual(9000);
  expect(second?.record).toMatchObject({
    id: `sha256:${hash}`,
    type: 'source.http',
    description: 'http download https://example.com/f',
    createdAt: 70_000,
    lastUsedAt: 70_000,
  });
  expect(second?.paths.map((path) => path.slice(folder.length))).toEqual([
    `/sources/http/files/${hash}`,
    '/sources/http/known/1.json',
  ]);
});

test('a state without any keeps nothing', () => {
  expect(keptSources(services)).toEqual([]);
  expect(sizeOnDisk(join(folder, 'nothing'))).toBe(0);
  expect(existsSync(join(folder, 'sources'))).toBe(false);
});
