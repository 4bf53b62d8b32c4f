// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { findBackend, knownBackend } from '../../src/wiring/backend.ts';
import { defaultStateFolder, openStateFolder } from '../../src/wiring/state-folder.ts';
import { removeFolders, temporaryFolder } from '../support/fake-process.ts';

afterEach(removeFolders);

test('the default state folder follows the XDG specification', () => {
  expect(defaultStateFolder({ XDG_DATA_HOME: '/data' })).toBe('/data/img');
  const home = join(homedir(), '.local/share/img');
  expect([
    defaultStateFolder({}),
    defaultStateFolder({ XDG_DATA_HOME: '' }),
    defaultStateFolder({ XDG_DATA_HOME: 'rel' }),
  ]).toEqual([home, home, home]);
});

test('a variable of our own names the state folder before all others', () => {
  expect(defaultStateFolder({ IMG_STATE: '/own', XDG_DATA_HOME: '/data' })).toBe('/own');
  expect(defaultStateFolder({ IMG_STATE: '', XDG_DATA_HOME: '/data' })).toBe('/data/img');
});

test('the state folder is made for its owner alone', () => {
  const folder = join(temporaryFolder(), 'a/b');
  expect(openStateFolder(folder)).toBe(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(openStateFolder(folder)).toBe(folder);
});

test('what cannot be a state folder is named', () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  expect(() => openStateFolder(file)).toThrow(`cannot use ${file} as state directory`);
  expect(() => openStateFolder(join(file, 'below'))).toThrow(expect.objectContaining({ code: 'USAGE' }));
  expect(() => openStateFolder('')).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

const never = async (): Promise<never> => {
  throw new Error('the worker was started');
};

test('a backend that was named needs no worker', async () => {
  const state = temporaryFolder();
  expect(await findBackend(state, 'native', never)).toBe('native');
  expect(readdirSync(state)).toEqual([]);
});

test('what auto means is asked once and remembered', async () => {
  const state = temporaryFolder();
  expect(knownBackend(state, 'auto')).toBeUndefined();
  let asked = 0;
  const worker = async (): Promise<{ backend(): Promise<string> }> => ({
    backend: async () => `${['overlayfs'][asked++]}`,
  });
  expect([await findBackend(state, 'auto', worker), await findBackend(state, 'auto', worker), asked]).toEqual(
    ['overlayfs', 'overlayfs', 1],
  );
  expect(knownBackend(state, 'auto')).toBe('overlayfs');
  expect(readdirSync(join(state, 'snapshots'))).toEqual(['backend.json']);
});

test.each(['', '{', 'null', '[]', '{"boot":"other","uid":0,"backend":"native"}', '{"backend":"nonsense"}'])(
  'a memory that says %j is not believed',
  async (text) => {
    const state = temporaryFolder();
    mkdirSync(join(state, 'snapshots'));
    writeFileSync(join(state, 'snapshots/backend.json'), text);
    expect(await findBackend(state, 'auto', async () => ({ backend: async () => 'native' }))).toBe('native');
    expect(existsSync(join(state, 'snapshots/backend.json'))).toBe(true);
    expect(knownBackend(state, 'auto')).toBe('native');
  },
);
