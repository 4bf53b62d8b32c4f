// SPDX-License-Identifier: MIT
import { utf8Length } from '../../characters.ts';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const REPLACEMENT = 0xfffd;

/** UTF-8 of a text in base64, with nothing but the language itself: lone surrogates become the replacement character. */
export function encodeBase64(text: string): string {
  const bytes = utf8Of(text);
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) pieces.push(encodeGroup(bytes, at));
  return pieces.join('');
}

function encodeGroup(bytes: Uint8Array, at: number): string {
  const bits = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  const third = at + 1 < bytes.length ? digit(bits >> 6) : '=';
  const fourth = at + 2 < bytes.length ? digit(bits) : '=';
  return digit(bits >> 18) + digit(bits >> 12) + third + fourth;
}

function digit(bits: number): string {
  return DIGITS[bits & 63] as string;
}

function utf8Of(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text));
  let at = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? REPLACEMENT;
    const code = point >= 0xd800 && point <= 0xdfff ? REPLACEMENT : point;
    const more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    bytes[at++] = more === 0 ? code : ((0xff00 >> (more + 1)) & 0xff) | (code >> (6 * more));
    for (let rest = more - 1; rest >= 0; rest--) bytes[at++] = 0x80 | ((code >> (6 * rest)) & 0x3f);
  }
  return bytes;
}
