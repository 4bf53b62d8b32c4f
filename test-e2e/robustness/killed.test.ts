// SPDX-License-Identifier: MIT
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testRun } from '../support/test-run.ts';
import { goneProcesses, NO_TRACES, storedFiles, tracesOf } from '../support/traces.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities } = testRun();

/** What the killed build has printed when it dies: one point in each of its phases. */
const PHASES = [
  'load build definition',
  'load metadata for',
  'RUN seq',
  'RUN sleep',
  'exporting to image',
  'exporting layers',
  'naming to',
];

describe.each(identities)('killed as $kind', (identity) => {
  let work: Workspace;
  let context: string;

  beforeAll(async () => {
    work = openWorkspace(identity);
    context = work.context({
      Dockerfile: `FROM ${busybox} AS numbers
RUN seq 1 200000 >/numbers && touch -d @0 /numbers /etc
FROM ${busybox}
COPY --from=numbers /numbers /numbers
RUN sleep 0.3; echo done >/done; touch -d @0 /done
`,
    });
    await work.ok(['pull', busybox]);
    await work.ok(['build', '-t', 'kept:1', context]);
  });

  afterAll(() => {
    work.remove();
  });

  async function filesOf(name: string): Promise<readonly (readonly [string, string])[]> {
    const { files } = await work.image(name);
    return ['numbers', 'done'].map((path) => [path, files.get(path)?.content.toString() ?? ''] as const);
  }

  test.each(PHASES)('at "%s", loses nothing that was there, and the next build is right', async (phase) => {
    const expected = await filesOf('kept:1');
    const { child, result } = work.start(['build', '--no-console', '--no-cache', '-t', 'killed:1', context]);
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes(phase)) child.kill('SIGKILL');
    });
    expect(await result).toMatchObject({ signal: 'SIGKILL' });

    expect(await filesOf('kept:1')).toEqual(expected);
    await work.ok(['build', '-t', 'killed:1', context]);
    expect(await filesOf('killed:1')).toEqual(expected);
    // The worker, and what runs in it, goes with its main process, but gets the time to clean up.
    await goneProcesses(work.state);
    expect(tracesOf(work)).toEqual(NO_TRACES);
  });

  test('prune and rm leave nothing of it all', async () => {
    for (const name of ['kept:1', 'killed:1', busybox]) await work.ok(['rm', name]);
    await work.ok(['prune']);

    const { stdout } = await work.ok(['du']);

    expect(stdout).toMatch(/Total:\s+0B/);
    expect(tracesOf(work)).toEqual(NO_TRACES);
    expect(storedFiles(work)).toEqual([]);
  });
});
