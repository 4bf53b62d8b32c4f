// SPDX-License-Identifier: MIT
import { type Descriptor, digestHex } from '@img-build/oci';
import { type BlobTransfer, transferFrame } from './transfer-frame.ts';

/** Shows transfers on a terminal; silent elsewhere. */
export interface TransferProgress {
  update(blob: Descriptor, bytes: number): void;
  /** Removes what was drawn. */
  finish(): void;
}

const REDRAW_EVERY = 100;
const UP = '\u001b[1A';
const CLEAR_LINE = '\u001b[2K';

/** A bar for each blob on its way, with bytes, rate and time left, and a line for all of them. */
export function createTransferProgress(
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'> & { readonly columns?: number | undefined },
  now: () => number = Date.now,
): TransferProgress {
  const blobs = new Map<string, BlobTransfer>();
  let drawn = 0;
  let last = 0;
  const erase = (): string => {
    const text = (UP + CLEAR_LINE).repeat(drawn);
    drawn = 0;
    return text;
  };
  return {
    update({ digest, size }, bytes) {
      if (!stream.isTTY) return;
      const at = now();
      const known = blobs.get(digest);
      if (known === undefined)
        blobs.set(digest, {
          name: digestHex(digest).slice(0, 12),
          size,
          bytes,
          before: bytes,
          startedAt: at,
        });
      // An upload that has to start again goes back.
      else known.bytes = bytes;
      if (at - last < REDRAW_EVERY) return;
      last = at;
      const lines = transferFrame([...blobs.values()], { columns: stream.columns ?? 80, now: at });
      stream.write(`${erase()}${lines.map((line) => `${line}\n`).join('')}`);
      drawn = lines.length;
    },
    finish() {
      if (drawn > 0) stream.write(erase());
    },
  };
}
