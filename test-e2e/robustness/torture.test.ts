// SPDX-License-Identifier: MIT
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';
import { prepareLayered } from './torture/layered.ts';
import { seeded } from './torture/random.ts';
import { torture } from './torture/torture.ts';

const { busybox, identities } = testRun();

describe.each(identities)('tortured as $kind', (identity) => {
  let work: Workspace;

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => {
    work.remove();
  });

  test('builds, prunes and pulls killed at random instants damage nothing', async () => {
    const layered = await prepareLayered(work);

    const { faults, toll } = await torture({
      work,
      images: { base: busybox, layered },
      rounds: 8,
      seed: 20_261_124,
    });

    expect(faults).toEqual([]);
    expect(toll.build.killed + toll.prune.killed + toll.pull.killed).toBeGreaterThan(0);
  });
});

describe('the random numbers', () => {
  test('are those of their seed', () => {
    const draw = (seed: number): readonly number[] => Array.from({ length: 5 }, seeded(seed).next);

    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(1).every((value) => value >= 0 && value < 1)).toBe(true);
  });
});
