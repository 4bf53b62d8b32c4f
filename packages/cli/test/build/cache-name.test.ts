// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { cacheName } from '../../src/build/flags/cache-name.ts';

test.each([
  ['registry.example.com/app:cache', 'registry.example.com/app:cache'],
  ['type=registry,ref=registry.example.com/app:cache', 'registry.example.com/app:cache'],
  ['ref=r/c, type=registry', 'r/c'],
  ['type=local,src=../cache', '../cache'],
])('%s is called %s', (text, name) => {
  expect(cacheName(text)).toBe(name);
});
