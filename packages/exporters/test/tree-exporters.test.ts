// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { createLocalExporter, createTarExporter } from '../src/tree-exporters.ts';
import { platformResult, recordProgress, removeFolders, temporaryFolder } from './fake-build.ts';

afterAll(removeFolders);

const AMD64 = platformResult([]);
const ARM = platformResult([], { os: 'linux', architecture: 'arm', variant: 'v7' });

test('a tar goes to its file, whole', async () => {
  const folder = temporaryFolder();
  const to = { path: join(folder, 'deep', 'root.tar') };
  const trees = {
    exportTar: async function* () {
      yield Buffer.from('tar ');
      yield Buffer.from('bytes');
    },
  };
  const { steps, progress } = recordProgress();
  await createTarExporter({ trees, to }).export({ platforms: [AMD64], names: [] }, { progress });
  expect(readFileSync(to.path, 'utf8')).toBe('tar bytes');
  expect(readdirSync(join(folder, 'deep'))).toEqual(['root.tar']);
  expect(steps).toEqual(['sending tarball']);
});

test('a tar that fails half way leaves the file that was there', async () => {
  const folder = temporaryFolder();
  const to = { path: join(folder, 'root.tar') };
  const good = {
    exportTar: async function* () {
      yield Buffer.from('old');
    },
  };
  const bad = {
    exportTar: async function* () {
      yield Buffer.from('new');
      throw new Error('gone');
    },
  };
  await createTarExporter({ trees: good, to }).export({ platforms: [AMD64], names: [] }, recordProgress());
  await expect(
    createTarExporter({ trees: bad, to }).export({ platforms: [AMD64], names: [] }, recordProgress()),
  ).rejects.toThrow('gone');
  expect(readFileSync(to.path, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['root.tar']);
});

test('a tar of several platforms is refused', async () => {
  const trees = {
    exportTar: async function* () {
      yield Buffer.from('');
    },
  };
  await expect(
    createTarExporter({ trees, to: { write: async () => undefined } }).export(
      { platforms: [AMD64, ARM], names: [] },
      recordProgress(),
    ),
  ).rejects.toHaveProperty('code', 'EXPORT_PLATFORMS_UNSUPPORTED');
});

test('several platforms get a folder each, one gets the folder itself', async () => {
  const calls: unknown[] = [];
  const trees = {
    exportFolder: async (
      tree: unknown,
      folder: string,
      mode: string,
      options?: { epoch?: number | undefined },
    ) => void calls.push([tree, folder, mode, options?.epoch]),
  };
  const { steps, progress } = recordProgress();
  await createLocalExporter({ trees, folder: '/out' }).export(
    { platforms: [AMD64, ARM], names: [] },
    { progress },
  );
  await createLocalExporter({ trees, folder: '/out', mode: 'delete' }).export(
    { platforms: [AMD64], names: [], epoch: 7 },
    { progress },
  );
  await createLocalExporter({ trees, folder: '/out', platformSplit: true }).export(
    { platforms: [AMD64], names: [] },
    { progress },
  );
  expect(calls).toEqual([
    [{ type: 'snapshot', name: 'tree-amd64' }, '/out/linux_amd64', 'copy', undefined],
    [{ type: 'snapshot', name: 'tree-arm' }, '/out/linux_arm_v7', 'copy', undefined],
    [{ type: 'snapshot', name: 'tree-amd64' }, '/out', 'delete', 7],
    [{ type: 'snapshot', name: 'tree-amd64' }, '/out/linux_amd64', 'copy', undefined],
  ]);
  expect(steps).toEqual([
    'copying files linux/amd64',
    'copying files linux/arm/v7',
    'copying files',
    'copying files linux/amd64',
  ]);
});
