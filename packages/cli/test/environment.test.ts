// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { removeFolders, run, temporaryFolder } from './support/fake-process.ts';

afterEach(removeFolders);

test('variables stand for global flags; a flag wins', async () => {
  const folder = temporaryFolder();
  const env = { IMG_STATE: join(folder, 'variable'), IMG_BACKEND: 'nonsense' };
  expect(await run(['ls'], { env })).toMatchObject({
    code: 1,
    stderr: 'Error: nonsense is not a valid snapshots backend\n',
  });
  expect((await run(['ls', '-b', 'native'], { env })).code).toBe(0);
  expect(existsSync(join(folder, 'variable', 'state.db'))).toBe(true);
  expect((await run(['ls', '-b', 'native', '-s', join(folder, 'flag')], { env })).code).toBe(0);
  expect(existsSync(join(folder, 'flag', 'state.db'))).toBe(true);
});
