// SPDX-License-Identifier: MIT
import { getSystemErrorMap } from 'node:util';
import type { NativeLibrary } from './native-library.ts';

/** The words of an error: which call, on what. */
export interface CallSubject {
  readonly syscall: string;
  readonly path?: string | Buffer | undefined;
  readonly dest?: string | Buffer | undefined;
}

/** An error shaped like those of `node:fs`: `code`, negative `errno`, `syscall`, `path`, `dest`. */
export function systemCallError(errno: number, { syscall, path, dest }: CallSubject): NodeJS.ErrnoException {
  const [code, text] = getSystemErrorMap().get(-errno) ?? [`E${errno}`, 'unknown error'];
  const on = path === undefined ? '' : ` '${path}'`;
  const to = dest === undefined ? '' : ` -> '${dest}'`;
  const error: NodeJS.ErrnoException & { dest?: string } = new Error(
    `${code}: ${text}, ${syscall}${on}${to}`,
  );
  error.code = code;
  error.errno = -errno;
  error.syscall = syscall;
  if (path !== undefined) error.path = path.toString();
  if (dest !== undefined) error.dest = dest.toString();
  return error;
}

/** Throws what errno says when `result` is negative. */
export function checked(library: NativeLibrary, result: number, subject: CallSubject): number {
  if (result < 0) throw systemCallError(library.errno(), subject);
  return result;
}

/**
 * A C string. A NUL byte inside would silently cut it and make the kernel look at another path.
 *
 * @throws an error with code `EINVAL`
 */
export function cString(value: string | Buffer, syscall: string): string | Buffer {
  if (typeof value === 'string') {
    if (value.includes('\0')) throw systemCallError(EINVAL, { syscall, path: value });
    return value;
  }
  if (value.includes(0)) throw systemCallError(EINVAL, { syscall, path: value });
  return Buffer.concat([value, NUL]);
}

const EINVAL = 22;
const NUL = Buffer.alloc(1);
