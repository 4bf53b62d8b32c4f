// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { createMemoryRegistry, describeResolver } from '../src/index.ts';

const registry = createMemoryRegistry();

describeResolver('the registry in memory', async () => ({ port: registry, domain: 'registry.test' }));

test('keeps a list of what it was asked', async () => {
  const asked = createMemoryRegistry();

  await asked.resolve({ domain: 'a.test', path: 'b', tag: 'c' }).catch(() => {});

  expect(asked.calls).toEqual([{ call: 'resolve', reference: 'a.test/b:c' }]);
});
