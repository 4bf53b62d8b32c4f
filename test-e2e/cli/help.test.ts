// SPDX-License-Identifier: MIT

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { identities } = testRun();
const [identity = identities[0]] = identities.toReversed();
if (identity === undefined) throw new Error('nobody to test as');

const folder = join(import.meta.dirname, 'fixtures/help');
const texts = readdirSync(folder).map(
  (file) => [file.replace('.txt', ''), readFileSync(join(folder, file), 'utf8')] as const,
);
const commands = texts.filter(([name]) => name !== 'img');
const program = texts.find(([name]) => name === 'img')?.[1] ?? '';
// The described texts were printed by somebody whose home this is.
const env = { HOME: '/home/user' };

describe('help', () => {
  let work: Workspace;

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => {
    work.remove();
  });

  async function help(...args: readonly string[]): Promise<string> {
    return (await work.raw(args, { env })).stdout;
  }

  test('of the program is as described, with cache, copy, doctor, explain, inspect and registry as the additions', async () => {
    const shown = (await help('-h')).split('\n');
    const additions = shown.filter((line) =>
      /^ {2}(?:cache|copy|doctor|explain|inspect|registry) /.test(line),
    );

    expect(additions).toHaveLength(6);
    expect(shown.filter((line) => !additions.includes(line)).join('\n')).toBe(program);
    expect(await help('--help')).toBe(await help('-h'));
    expect(await help()).toBe(await help('-h'));
    expect(await help('help')).toBe(await help('-h'));
  });

  test.each(commands)('of %s is as described, flags that came later behind it', async (name, text) => {
    const shown = await help(name, '-h');
    expect(shown.split('\nMore Flags:\n')[0]).toBe(text);
    expect(await help('help', name)).toBe(shown);
  });

  test('of a command nobody knows names the nearest one', async () => {
    const result = await work.raw(['biuld', '.'], { env });

    expect(result.code).toBe(1);
    expect(result.stderr).toBe(
      "Error: img: 'biuld' is not an img command (did you mean build?)\nsee 'img --help'\n",
    );
    expect(result.stdout).toBe('');
  });

  test('is not needed for a flag nobody knows: the nearest one is named', async () => {
    const result = await work.raw(['build', '--bulid-arg', 'A=b', '.'], { env });

    expect(result.code).toBe(1);
    expect(result.stderr).toContain('unknown flag: --bulid-arg (did you mean --build-arg?)');
  });
});
