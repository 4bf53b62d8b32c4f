// SPDX-License-Identifier: MIT
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { planMapping } from '../../src/namespace/id-maps.ts';
import { readProcessFacts } from '../../src/namespace/process-facts.ts';
import { readOptional } from '../../src/namespace/sub-ids.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();

test('a mapper that cannot be executed is named, with a way out', async () => {
  // The kernel refuses a script whose interpreter nobody may execute, also to root.
  writeFileSync(join(folder, 'plain'), '', { mode: 0o644 });
  for (const name of ['newuidmap', 'newgidmap']) {
    writeFileSync(join(folder, name), `#!${folder}/plain\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const [userName = ''] = readOptional('/etc/subuid').split(':');
  const plan = planMapping('sub-ids', { ...readProcessFacts(), userName }, folder);

  await expect(plan.apply(process.pid)).rejects.toMatchObject({
    code: 'NEWUIDMAP_FORBIDDEN',
    message: expect.stringMatching(/new[ug]idmap cannot be started \(EACCES\)$/),
    hint: expect.stringContaining('ls -l'),
  });
});
