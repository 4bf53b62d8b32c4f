// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { BUILD_FLAGS } from '../../src/build/build-flags.ts';

const text = readFileSync(join(import.meta.dirname, '../../../../docs/build.md'), 'utf8');

test.each(BUILD_FLAGS.map(({ name }) => name))('--%s is documented', (name) => {
  expect(text).toMatch(new RegExp(`\`(-\\w, )?--${name}[\` ]`));
});

test('no flag is documented that does not exist', () => {
  const named = [...text.matchAll(/--([a-z][a-z-]+)/g)].map(([, name]) => name);
  const known = [...BUILD_FLAGS.map(({ name }) => name), 'backend', 'debug', 'mount', 'state', 'from'];
  expect(named.filter((name) => !known.includes(name ?? ''))).toEqual([]);
});
