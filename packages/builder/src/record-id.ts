// SPDX-License-Identifier: MIT
import { createHash, randomBytes } from 'node:crypto';
import type { Digest } from '@img-build/oci';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';
const LENGTH = 25;

/** A new id of a record: 25 characters of [0-9a-z], as users of BuildKit know them. */
export function newRecordId(): string {
  // 252 is the largest multiple of 36 in a byte: bytes above would make the first letters likelier.
  let id = '';
  while (id.length < LENGTH) {
    for (const byte of randomBytes(LENGTH)) {
      if (byte < 252 && id.length < LENGTH) id += ALPHABET[byte % ALPHABET.length];
    }
  }
  return id;
}

/** The id of a record whose files are told by its layers alone: the same in every build that meets them. */
export function recordIdOfChain(chain: Digest): string {
  const hash = createHash('sha256').update(`cache record ${chain}`).digest('hex');
  return BigInt(`0x${hash}`).toString(36).padStart(LENGTH, '0').slice(-LENGTH);
}
