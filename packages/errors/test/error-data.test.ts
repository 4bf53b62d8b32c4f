// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type ErrorData,
  errorFromData,
  errorToData,
  hintOf,
  isToolError,
  messageOf,
  ToolError,
} from '../src/index.ts';

class DetailedError extends ToolError<'DETAILED'> {
  readonly exitCode = 7;
  readonly paths = ['/a', '/b'];
  readonly where = { line: 1, nested: { column: null } };
  readonly callback = (): void => {};
  readonly big = 1n;
}

/** Over a wire that takes JSON only. */
function travelled(error: unknown): Error {
  return errorFromData(JSON.parse(JSON.stringify(errorToData(error))) as ErrorData);
}

describe('an error that travels', () => {
  test('keeps message, code, hint, stack and causes', () => {
    const root = Object.assign(new Error('EPERM: chown'), { code: 'EPERM', syscall: 'chown' });
    const error = travelled(
      new ToolError('outer', {
        code: 'OUTER',
        hint: 'do this',
        cause: new ToolError('inner', { code: 'INNER', cause: root }),
      }),
    );
    expect(error).toMatchObject({
      message: 'outer',
      code: 'OUTER',
      hint: 'do this',
      cause: {
        message: 'inner',
        code: 'INNER',
        cause: { message: 'EPERM: chown', code: 'EPERM', syscall: 'chown' },
      },
    });
    expect(isToolError(error, 'OUTER')).toBe(true);
    expect(error.stack).toContain('error-data.test');
  });

  test('keeps the details that are plain data', () => {
    const error = travelled(new DetailedError('it failed', { code: 'DETAILED' }));
    expect(error).toMatchObject({
      exitCode: 7,
      paths: ['/a', '/b'],
      where: { line: 1, nested: { column: null } },
    });
    expect([Object.hasOwn(error, 'callback'), Object.hasOwn(error, 'big')]).toEqual([false, false]);
  });

  test('without a code stays an ordinary one', () => {
    const error = travelled(new TypeError('a mistake'));
    expect([isToolError(error), error.message]).toEqual([false, 'a mistake']);
  });

  test.each([
    ['text', 'text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [42, '42'],
    [{ message: 'like one' }, 'like one'],
  ])('may be anything that can be thrown: %j', (thrown, message) => {
    expect(travelled(thrown).message).toBe(message);
    expect(messageOf(thrown)).toBe(message);
  });

  test('ends a chain of causes that never ends', () => {
    const error = new Error('loop') as Error & { cause?: unknown };
    error.cause = error;
    let depth = 0;
    for (let at: unknown = travelled(error); at instanceof Error; at = at.cause) depth++;
    expect(depth).toBe(9);
    expect(hintOf(error)).toBeUndefined();
  });

  test('ends details that refer to themselves', () => {
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    expect(travelled(Object.assign(new Error('x'), { loop })).message).toBe('x');
  });

  test('arrives as it left, whatever it carries', () => {
    const text = fc.string();
    const details = fc.dictionary(
      fc.constantFrom('path', 'size', 'list', 'facts'),
      fc.jsonValue({ maxDepth: 3 }),
    );
    fc.assert(
      fc.property(
        text,
        fc.string({ minLength: 1 }),
        fc.option(text, { nil: undefined }),
        details,
        (message, code, hint, facts) => {
          const first = errorToData(Object.assign(new ToolError(message, { code, hint }), facts));
          const again = errorToData(errorFromData(JSON.parse(JSON.stringify(first)) as ErrorData));
          expect(JSON.parse(JSON.stringify(again))).toEqual(JSON.parse(JSON.stringify(first)));
        },
      ),
    );
  });

  test('cannot change what it is by its details', () => {
    const data: ErrorData = {
      message: 'm',
      code: 'C',
      details: { message: 'other', code: 'D', hint: 'h', ['__proto__']: { evil: true } },
    };
    const error = errorFromData(JSON.parse(JSON.stringify(data)) as ErrorData) as ToolError;
    expect([error.message, error.code, error.hint, (error as { evil?: unknown }).evil]).toEqual([
      'm',
      'C',
      undefined,
      undefined,
    ]);
  });
});

describe('a hint', () => {
  const hinted = new ToolError('inner', { code: 'INNER', hint: 'inner hint' });

  test('is the nearest one', () => {
    expect(hintOf(hinted)).toBe('inner hint');
    expect(hintOf(new Error('outer', { cause: hinted }))).toBe('inner hint');
    expect(hintOf(new ToolError('outer', { code: 'OUTER', hint: 'outer hint', cause: hinted }))).toBe(
      'outer hint',
    );
  });

  test.each([new Error('none'), undefined, null, 'text'])('%p has none', (error) => {
    expect(hintOf(error)).toBeUndefined();
  });
});
