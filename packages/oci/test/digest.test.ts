// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  canonicalDigest,
  chainId,
  chainIds,
  digestAlgorithm,
  digestHex,
  isDigest,
  parseDigest,
} from '../src/index.ts';

describe('a digest', () => {
  test('names content', () => {
    expect(canonicalDigest('')).toBe(
      'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    expect(canonicalDigest(new TextEncoder().encode('{}'))).toBe(
      'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    );
  });

  test('splits into algorithm and hexadecimal', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(['sha256', 64] as const, ['sha384', 96] as const, ['sha512', 128] as const),
        fc.nat(15),
        ([name, length], digit) => {
          const hex = digit.toString(16).repeat(length);
          const digest = parseDigest(`${name}:${hex}`);
          expect([digestAlgorithm(digest), digestHex(digest)]).toEqual([name, hex]);
        },
      ),
    );
  });

  test.each([
    '',
    ':',
    'sha256',
    'sha256:',
    'md5:00',
    `sha256:${'A'.repeat(64)}`,
    `sha256:${'a'.repeat(63)}`,
    `sha512:${'a'.repeat(64)}`,
    `constructor:${'a'.repeat(64)}`,
  ])('is not %j', (text) => {
    expect(isDigest(text)).toBe(false);
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: 'DIGEST_INVALID' }));
  });
});

describe('chainIds', () => {
  test('folds the layers from the bottom', () => {
    const [a, b, c] = [canonicalDigest('a'), canonicalDigest('b'), canonicalDigest('c')];
    const ab = canonicalDigest(`${a} ${b}`);
    expect(chainIds([a, b, c])).toEqual([a, ab, canonicalDigest(`${ab} ${c}`)]);
    expect(chainId([a, b])).toBe(ab);
    expect(chainId([])).toBeUndefined();
  });
});
