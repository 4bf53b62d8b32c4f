// SPDX-License-Identifier: MIT
import { image, marshal, source } from '@img-build/llb';
import { describe, expect, test } from '@jest/globals';
import { graphOf } from '../src/definition-graph.ts';

import { newRecordId } from '../src/record-id.ts';
import { PLATFORM } from './support/builder.ts';

const base = image('docker.io/library/base:1');

describe('a graph', () => {
  test('has names for people', () => {
    const edge = graphOf(marshal(base.run({ args: ['a', 'b'], name: 'shown' }).root, { platform: PLATFORM }));
    expect([edge?.vertex.name, edge?.vertex.inputs[0]?.vertex.name]).toEqual([
      'shown',
      'docker-image://docker.io/library/base:1',
    ]);
    expect(graphOf(marshal(base.run({ args: ['a', 'b'] }).root, { platform: PLATFORM }))?.vertex.name).toBe(
      'a b',
    );
  });

  test('says when cached results are not wanted', () => {
    expect(
      graphOf(marshal(source('docker-image://x', {}, { ignoreCache: true }), { platform: PLATFORM }))?.vertex
        .ignoreCache,
    ).toBe(true);
  });

  test('refuses what it does not have', () => {
    const { def, metadata } = marshal(base.run({ args: ['x'] }).root, { platform: PLATFORM });
    expect(() => graphOf({ def: def.slice(1), metadata })).toThrow(
      expect.objectContaining({ code: 'BUILD_DEFINITION_INVALID' }),
    );
    expect(graphOf({ def: [], metadata: {} })).toBeUndefined();
  });
});

test('record ids are 25 letters and digits, and differ', () => {
  const ids = Array.from({ length: 200 }, newRecordId);
  expect(ids.every((id) => /^[0-9a-z]{25}$/.test(id))).toBe(true);
  expect(new Set(ids).size).toBe(200);
});
