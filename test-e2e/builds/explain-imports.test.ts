// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { identities, registry, busybox } = testRun();

describe.each(identities)('explanations of a machine that imports its cache, as $kind', (identity) => {
  let work: Workspace;

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => work.remove());

  /** Builds on a machine of its own; the reasons by the number of the step. */
  async function build(
    machine: string,
    context: string,
    ...args: readonly string[]
  ): Promise<Readonly<Record<string, string>>> {
    const state = join(work.folder, machine);
    const { stderr } = await work.ok(['build', '--explain', '-t', 'app', ...args, context], { state });
    const said = [...stderr.matchAll(/^\[(\d)\/\d\] .*\n((?: {2}.*\n)+)/gm)];
    return Object.fromEntries(said.map(([, number = '', text = '']) => [number, text.trim()]));
  }

  async function pushBase(name: string, text: string): Promise<void> {
    const context = work.context({ Dockerfile: `FROM ${busybox}\nRUN echo ${text} >/base\n` });
    await work.ok(['build', '-t', name, context]);
    await work.ok(['push', name]);
  }

  test('it names a changed file, argument and base image, and what the cache lacks', async () => {
    const base = `${registry}/explain-imports/${identity.kind}:1`;
    const cache = `${registry}/explain-imports/${identity.kind}:cache`;
    await pushBase(base, 'one');
    const context = work.context({
      Dockerfile: `FROM ${base}\nCOPY src /src\nARG VERSION=1.2\nRUN echo $VERSION >/version\n`,
      'src/a.js': 'a',
      'src/b.js': 'b',
    });
    const from = ['--cache-from', `type=registry,ref=${cache}`];
    await build('first', context, '--cache-to', `type=registry,ref=${cache},mode=max`);
    expect(await build('second', context, ...from)).toEqual({ 1: 'cached', 2: 'cached', 3: 'cached' });

    writeFileSync(join(context, 'src/a.js'), 'A');
    const changed = { 1: 'cached', 2: 'not cached: src/a.js changed', 3: 'not cached: follows from step 2' };
    expect(await build('second', context, ...from)).toEqual(changed);
    expect(await build('second', context, ...from, '--build-arg', 'VERSION=1.3')).toEqual({
      1: 'cached',
      2: 'cached',
      3: 'not cached: ARG VERSION: 1.2 → 1.3',
    });
    expect(await build('third', context, ...from)).toMatchObject({
      2: `not cached: not in the cache ${cache}`,
      3: 'not cached: follows from step 2',
    });

    await pushBase(base, 'two');
    expect(await build('second', context, '--pull', ...from)).toEqual({
      1: expect.stringMatching(
        `^not cached: base image ${base} moved from sha256:\\w{12} to sha256:\\w{12}$`,
      ),
      2: 'not cached: follows from step 1',
      3: 'not cached: follows from step 2',
    });
  });
});
