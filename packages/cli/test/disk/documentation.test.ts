// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { duCommand } from '../../src/commands/du.ts';
import { pruneCommand } from '../../src/commands/prune.ts';

const text = readFileSync(join(import.meta.dirname, '../../../../docs/disk.md'), 'utf8');

test.each([...duCommand.flags, ...pruneCommand.flags].map(({ name }) => name))(
  '--%s is documented',
  (name) => {
    expect(text).toMatch(new RegExp(`\`(-\\w, )?--${name}[\` ]`));
  },
);

test('no flag is documented that does not exist', () => {
  const known = new Set([...duCommand.flags, ...pruneCommand.flags].map(({ name }) => name));
  const named = [...text.matchAll(/^\| `(?:-\w, )?--([\w-]+)/gm)].map(([, name = '']) => name);
  expect(named.filter((name) => !known.has(name))).toEqual(['max-size']);
});
