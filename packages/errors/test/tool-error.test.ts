// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { isSystemError, isToolError, ToolError } from '../src/index.ts';

/** As a second copy of the package would make it. */
class ForeignError extends Error {
  readonly code = 'FOREIGN_CODE';

  constructor() {
    super('made elsewhere');
    Object.defineProperty(this, Symbol.for('@img-build/tool-error'), { value: true });
  }
}

describe('a tool error', () => {
  test('carries code, hint and cause', () => {
    const cause = new Error('below');
    const error = new ToolError('it failed', { code: 'IT_FAILED', hint: 'try again', cause });
    expect(error).toMatchObject({
      name: 'ToolError',
      message: 'it failed',
      code: 'IT_FAILED',
      hint: 'try again',
      cause,
    });
    expect(error).toBeInstanceOf(Error);
  });

  test('has no cause and no hint when none was given', () => {
    const error = new ToolError('it failed', { code: 'IT_FAILED' });
    expect([Object.hasOwn(error, 'cause'), error.hint]).toEqual([false, undefined]);
  });

  test('is known by its brand, also one of another copy', () => {
    expect(isToolError(new ToolError('', { code: 'A' }))).toBe(true);
    expect(isToolError(new ForeignError())).toBe(true);
    expect(isToolError(new ForeignError(), 'FOREIGN_CODE')).toBe(true);
    for (const other of [new Error(''), { code: 'A' }, undefined, null, 'A', 1])
      expect(isToolError(other)).toBe(false);
  });

  test('is asked for by its codes', () => {
    const error = new ToolError('', { code: 'A' });
    expect([isToolError(error, 'A'), isToolError(error, 'B', 'A'), isToolError(error, 'B')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('shows no brand when it is printed or copied', () => {
    const error = new ToolError('', { code: 'A' });
    expect(Object.getOwnPropertySymbols({ ...error })).toEqual([]);
  });
});

describe('an error of the operating system', () => {
  const failed = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', path: '/x' });

  test('is known by its code, in whatever realm it was made', () => {
    expect([
      isSystemError(failed),
      isSystemError(failed, 'ENOENT'),
      isSystemError(failed, 'EPERM', 'ENOENT'),
    ]).toEqual([true, true, true]);
    expect(isSystemError({ code: 'EACCES' }, 'EACCES')).toBe(true);
    expect(isSystemError(failed, 'EPERM')).toBe(false);
  });

  test.each([
    new Error(''),
    { code: 'ERR_FS_EISDIR' },
    { code: 'FILE_NOT_FOUND' },
    { code: 1 },
    'ENOENT',
    null,
    undefined,
  ])('is not %j', (value) => {
    expect(isSystemError(value)).toBe(false);
  });
});
