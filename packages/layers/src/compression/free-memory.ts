// SPDX-License-Identifier: MIT

/**
 * Frees the memory of a buffer that nobody uses any more, now instead of at some garbage collection: buffers that come
 * and go by the thousand would otherwise provoke one many times a second, or, in a heap with room, none for gigabytes.
 * Small ones, which Node cuts from a common pool, are left alone.
 */
export function freeMemory({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}
