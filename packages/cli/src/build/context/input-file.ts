// SPDX-License-Identifier: MIT
import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { isSystemError } from '@img-build/errors';
import { UsageError } from '../../usage-error.ts';

/** Bytes of a Dockerfile or ignore file. */
export const MAX_FILE_BYTES: number = 16 * 1024 * 1024;

/**
 * Reads a Dockerfile or an ignore file. Opened without waiting for a writer, so that a FIFO is an error and not a hang.
 *
 * @param what - what could not be done, for the message: `failed to read dockerfile`.
 * @param shown - the path in messages, when it is not `path`.
 * @throws UsageError
 */
export function readInputFile(path: string | Buffer, what: string, shown: string = String(path)): Uint8Array {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const reason = error.code === 'ENOENT' ? 'no such file or directory' : error.message;
    throw new UsageError(
      `${what}: open ${shown}: ${reason}`,
      error.code === 'ENOENT' ? 'name the Dockerfile with -f' : undefined,
    );
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) {
      const kind = stat.isDirectory() ? 'a directory' : 'not a regular file';
      throw new UsageError(`${what}: ${shown} is ${kind}`);
    }
    if (stat.size > MAX_FILE_BYTES)
      throw new UsageError(`${what}: ${shown} has more than ${MAX_FILE_BYTES} bytes`);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Wrong bytes are refused: replaced ones would end up in labels, commands and file names. @throws UsageError */
export function decodeInput(bytes: Uint8Array, name: string): string {
  const text = Buffer.from(bytes).toString('utf8');
  if (isUtf8(bytes)) return text;
  const line = text.split('\n').findIndex((each) => each.includes('\u{fffd}')) + 1;
  throw new UsageError(`${name} is not valid UTF-8: line ${line}`, 'save it as UTF-8');
}
