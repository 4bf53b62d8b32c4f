// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';
import setUp from '../../support/global-setup.ts';
import { testRun } from '../../support/test-run.ts';
import { openWorkspace } from '../../support/workspace.ts';
import { prepareLayered } from './layered.ts';
import { torture } from './torture.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    as: { type: 'string', default: 'user' },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Tortures the installed command and says how it went. */
async function main(): Promise<number> {
  await setUp();
  try {
    const { busybox, identities } = testRun();
    const identity = identities.find(({ kind }) => kind === values.as);
    if (identity === undefined) throw new Error(`nobody to test as: ${values.as}`);
    const work = openWorkspace(identity);
    const layered = await prepareLayered(work);
    const { toll, faults, leftovers } = await torture({
      work,
      images: { base: busybox, layered },
      rounds: Number(values.rounds),
      seed: Number(values.seed),
      onRound: say,
    });
    say(JSON.stringify({ rounds: Number(values.rounds), toll, leftovers: Object.fromEntries(leftovers) }));
    say(faults.length === 0 ? 'no fault' : `${faults.length} faults:\n${faults.join('\n')}`);
    return faults.length === 0 ? 0 : 1;
  } finally {
    (globalThis as { imgE2eTearDown?: () => void }).imgE2eTearDown?.();
  }
}

process.exitCode = await main();
