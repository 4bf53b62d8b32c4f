// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { testRun } from '../support/test-run.ts';
import { NO_TRACES, tracesOf } from '../support/traces.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities } = testRun();

describe.each(identities)('at the same time on one state, as $kind', (identity) => {
  let work: Workspace;

  beforeEach(() => {
    work = openWorkspace(identity);
  });

  afterEach(() => {
    work.remove();
  });

  function dockerfile(own: string): string {
    return `FROM ${busybox}\nRUN echo shared >/shared\nRUN echo ${own} >/own\nCOPY f /f\n`;
  }

  test('two equal builds give one result', async () => {
    const context = work.context({ Dockerfile: dockerfile('same'), f: 'f' });

    await Promise.all(['a:1', 'b:1'].map((name) => work.ok(['build', '-t', name, context])));

    const [a, b] = [await work.image('a:1'), await work.image('b:1')];
    expect(a.config.rootfs).toEqual(b.config.rootfs);
    expect(a.files.get('own')?.content.toString()).toBe('same\n');
    expect(tracesOf(work)).toEqual(NO_TRACES);
  });

  test('four different builds share what they can and all succeed', async () => {
    const names = ['one', 'two', 'three', 'four'];

    await Promise.all(
      names.map((name) =>
        work.ok(['build', '-t', `${name}:1`, work.context({ Dockerfile: dockerfile(name), f: name })]),
      ),
    );

    for (const name of names) {
      const { files } = await work.image(`${name}:1`);
      expect(['shared', 'own', 'f'].map((path) => files.get(path)?.content.toString())).toEqual([
        'shared\n',
        `${name}\n`,
        name,
      ]);
    }
    expect(tracesOf(work)).toEqual(NO_TRACES);
  });

  test('pruning and collecting take nothing that a build uses', async () => {
    // After each build the state is to be empty: nothing but what another one uses may stay.
    const env = { IMG_MAX_SIZE: '1' };
    const builds = ['one', 'two', 'three'].map((name) => {
      const files = { Dockerfile: `${dockerfile(name)}RUN sleep 0.5; cat /own /f >/both\n`, f: name };
      const context = work.context(files);
      return work
        .ok(['build', '--no-cache', '-t', `${name}:1`, context], { env })
        .then(() => work.ok(['build', '-t', `${name}:2`, context], { env }));
    });
    const building = Promise.all(builds);
    let running = true;
    void building
      .finally(() => {
        running = false;
      })
      .catch(() => {});
    for (let round = 0; running; round++) await work.ok(['prune', ...(round % 2 === 0 ? [] : ['--all'])]);
    await building;

    await work.ok(['prune', '--all']);

    for (const name of ['one', 'two', 'three']) {
      for (const version of [1, 2]) {
        const { files } = await work.image(`${name}:${version}`);
        expect(files.get('both')?.content.toString()).toBe(`${name}\n${name}`);
      }
    }
    const { stdout } = await work.ok(['du']);
    expect(stdout).toMatch(/^Total: +0B$/m);
  });

  test('pulling while everything unnamed is removed', async () => {
    await work.ok(['pull', busybox]);
    for (let round = 0; round < 3; round++) {
      await work.ok(['rm', busybox]);
      await Promise.all([work.ok(['pull', busybox]), work.ok(['prune', '--all']), work.ok(['prune'])]);
      await work.ok(['unpack', '-o', `${work.folder}/rootfs-${round}`, busybox]);
    }
  });

  test('removing an image while another build uses its layers', async () => {
    const context = work.context({ Dockerfile: dockerfile('x'), f: 'f' });
    await work.ok(['build', '-t', 'old:1', context]);

    await Promise.all([work.ok(['rm', 'old:1']), work.ok(['build', '-t', 'new:1', context])]);

    const { files } = await work.image('new:1');
    expect(files.get('own')?.content.toString()).toBe('x\n');
  });
});
