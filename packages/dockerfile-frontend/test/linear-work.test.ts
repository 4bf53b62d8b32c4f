// SPDX-License-Identifier: MIT
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { failure, lower } from './lower.ts';
import type { ChainWork } from './stages-in-a-chain.ts';

test('twice the stages that named contexts link are twice the work', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=@img-build/source',
    '--no-opt',
    '--no-maglev',
    '--no-sparkplug',
    fileURLToPath(new URL('./stages-in-a-chain.ts', import.meta.url)),
  ]);
  const measured = JSON.parse(stdout) as readonly ChainWork[];

  expect(measured).toHaveLength(4);
  expect(measured.filter(({ steps: [one, two] }) => one === 0 || two > 2.1 * one + 500)).toEqual([]);
}, 60_000);

test('a chain of contexts is longer than the call stack', async () => {
  const length = 8000;
  const contexts = Object.fromEntries(
    Array.from({ length }, (_, index) => [`c${index}`, `target:s${index + 1}`]),
  );
  const stages = Array.from({ length }, (_, index) => `FROM c${index} AS s${index}\n`);
  const { names } = await lower(`${stages.join('')}FROM busybox AS s${length}\nRUN last\n`, {
    target: 's0',
    contexts,
  });

  expect(names.at(-1)).toContain('RUN last');
}, 30_000);

test('what a stage behind the target takes from still has to come before it', async () => {
  const text = 'FROM base AS first\nFROM busybox AS later\nCOPY --from=last a /\nFROM busybox AS last\n';

  expect(await failure(text, { target: 'first', contexts: { base: 'target:later' } })).toMatchObject({
    code: 'STAGE_ORDER_INVALID',
    ranges: [{ startLine: 3, endLine: 3 }],
  });
});
