// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { formatWarnings } from '../../src/render/warnings.ts';

const dockerfile = { name: 'Dockerfile', text: 'from a AS b\nENV x y\n' };
const casing = { rule: 'FromAsCasing', message: 'casing', range: { startLine: 1, endLine: 1 } };
const legacy = {
  rule: 'LegacyKeyValueFormat',
  message: 'legacy\u001b[2J',
  description: 'Not to be used',
  url: 'https://example.com/legacy',
  range: { startLine: 2, endLine: 2 },
};
const plain = { expanded: false, colors: false };

test('warnings are counted, one line each, and nothing that moves a cursor', () => {
  expect(formatWarnings([], dockerfile, plain)).toBe('');
  expect(formatWarnings([casing], dockerfile, plain)).toBe(
    '\n 1 warning found (use --debug to expand):\n - FromAsCasing: casing (line 1)\n',
  );
  const two = formatWarnings([casing, legacy], dockerfile, plain);
  expect(two).toMatch(/^\n 2 warnings found \(use --debug to expand\):\n/);
  expect(two).not.toContain('\u001b');
});

test('with colours the count stands out', () => {
  expect(formatWarnings([casing], dockerfile, { expanded: false, colors: true })).toContain(
    '\u001b[33m1 warning found',
  );
});

test('expanded they say what the rule is for and show the lines', () => {
  expect(formatWarnings([legacy], dockerfile, { expanded: true, colors: false })).toMatch(
    /^\n 1 warning found:\n - LegacyKeyValueFormat: legacy.* \(line 2\)\nNot to be used\nMore info: https:\/\/example\.com\/legacy\nDockerfile:2\n-+\n.*\n +2 \| >>> ENV x y\n-+\n\n$/,
  );
});
