// SPDX-License-Identifier: MIT

/**
 * File names are bytes, and any byte but `/` and NUL may occur in them. Inside this package a name is a *byte string*:
 * every character stands for one byte, so names compare, split and serve as map keys exactly as their bytes do.
 */
export type ByteString = string;

const ASCII_ONLY = /^[\x00-\x7f]*$/;

/** The byte string of ordinary text, as UTF-8. */
export function bytesOf(text: string): ByteString {
  return ASCII_ONLY.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** Text for messages; bytes that are not UTF-8 show as replacement characters. */
export function textOf(bytes: ByteString): string {
  return ASCII_ONLY.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

/** What `node:fs` and the host's calls take as a path. */
export function pathOf(bytes: ByteString): string | Buffer {
  return ASCII_ONLY.test(bytes) ? bytes : Buffer.from(bytes, 'latin1');
}
