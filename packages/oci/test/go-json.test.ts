// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { goJson } from '../src/index.ts';

describe('goJson', () => {
  test('escapes what Go escapes for HTML, and nothing else beyond JSON', () => {
    expect(goJson('<a> & "b" \\ / \u2028\u2029 \u0001 \b\f\n\r\t é \u007f')).toBe(
      '"\\u003ca\\u003e \\u0026 \\"b\\" \\\\ / \\u2028\\u2029 \\u0001 \\b\\f\\n\\r\\t é \u007f"',
    );
  });

  test('replaces a lone surrogate as UTF-8 does', () => {
    expect(goJson('a\ud800b')).toBe('"a\ufffdb"');
  });

  test('writes bytes as base64, integers plainly, keys in the order given, and leaves undefined out', () => {
    expect(goJson({ b: new Uint8Array([251, 255]), a: [1, -1n, true, null], c: undefined })).toBe(
      '{"b":"+/8=","a":[1,-1,true,null]}',
    );
  });

  test('refuses numbers that Go would print in another way', () => {
    expect(() => goJson(1.5)).toThrow(TypeError);
  });

  test('is JSON that means the same', () => {
    const value = fc.letrec<{ value: never }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'binary' }),
        fc.boolean(),
        fc.integer(),
        fc.array(tie('value')),
        fc.dictionary(fc.string(), tie('value')),
      ) as never,
    })).value;

    fc.assert(
      fc.property(value, (sample) =>
        expect(JSON.parse(goJson(sample))).toEqual(JSON.parse(JSON.stringify(sample))),
      ),
    );
  });
});
