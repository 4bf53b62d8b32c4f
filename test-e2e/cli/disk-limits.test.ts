// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { identities } = testRun();

function bytesOf(folder: string): number {
  return Number(execFileSync('du', ['-s', '--block-size=1', folder], { encoding: 'utf8' }).split('\t')[0]);
}

describe.each(identities)('a state with a ceiling, as $kind', (identity) => {
  let work: Workspace;

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => {
    work.remove();
  });

  test('gives up the least useful after a build, and neither images nor what was just made', async () => {
    const ceiling = 4 * 1024 ** 2;
    const output = ['-o', `type=tar,dest=${work.folder}/out.tar`];
    const small = work.context({ Dockerfile: 'FROM scratch\nCOPY f /f\n', f: 'kept' });
    await work.ok(['build', '-t', 'kept:1', small]);
    let said = '';

    for (let round = 0; round < 14; round++) {
      const f = Buffer.alloc(350_000, `${round} of many `);
      const layer = work.context({ Dockerfile: 'FROM scratch\nCOPY f /f\n', f });
      const { stderr } = await work.ok(['build', '--max-size', '4MiB', ...output, layer]);
      said += stderr;
      // Files and blobs count, the folders around them do not.
      expect(bytesOf(work.state)).toBeLessThan(ceiling + 300_000);
      if (round < 13) continue;
      const again = await work.ok(['build', '--no-console', ...output, layer]);
      expect(again.stderr).toMatch(/^#\d+ CACHED$/m);
    }

    expect(said).toMatch(/^Freed [\d.]+KiB of cache: \d+ of the least useful records?$/m);
    expect((await work.image('kept:1')).files.get('f')?.content.toString()).toBe('kept');
    const { stderr } = await work.ok(['build', '--max-size', '1', '-t', 'kept:2', small]);
    expect(stderr).toMatch(/^WARNING: images and running builds alone take .* more than the 1B allowed/m);
    const none = await work.ok(['build', '--max-size', 'none', '-t', 'kept:3', small]);
    expect(none.stderr).not.toContain('Freed');
  });
});
