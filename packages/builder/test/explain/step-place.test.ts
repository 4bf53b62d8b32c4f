// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { placeOf } from '../../src/explain/step-place.ts';

test.each([
  ['[2/4] RUN make', '', '2'],
  ['[build 2/4] RUN make', 'build', 'build 2'],
  ['[build  2/14] RUN make', 'build', 'build 2'],
  ['[linux/arm64 build 12/14] COPY a b', 'linux/arm64 build', 'linux/arm64 build 12'],
  ['[ 2/14] RUN make', '', '2'],
  ['[build 3/4] LINK COPY a b', 'build', 'build 3 LINK'],
])('%s', (name, stage, place) => {
  expect(placeOf(name)).toEqual({ stage, place });
});

test.each(['[internal] load build context', 'RUN make', 'importing cache', '[2/4]RUN'])(
  '%s is no step',
  (name) => {
    expect(placeOf(name)).toBeUndefined();
  },
);
