// SPDX-License-Identifier: MIT
import type { Descriptor } from '@img-build/oci';
import { formatTransferSize } from './units.ts';

/** Shows transfers on a terminal; silent elsewhere. */
export interface TransferProgress {
  update(blob: Descriptor, bytes: number): void;
  /** Removes what was drawn. */
  finish(): void;
}

const REDRAW_EVERY = 100;

/** One line with the bytes of all blobs together. */
export function createTransferProgress(
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>,
): TransferProgress {
  const done = new Map<string, { bytes: number; size: number }>();
  let drawn = false;
  let last = 0;
  return {
    update({ digest, size }, bytes) {
      done.set(digest, { bytes, size });
      if (!stream.isTTY || performance.now() - last < REDRAW_EVERY) return;
      last = performance.now();
      const blobs = [...done.values()];
      const sum = (pick: (blob: { bytes: number; size: number }) => number): number =>
        blobs.reduce((total, blob) => total + pick(blob), 0);
      stream.write(
        `\r\u001b[2K${blobs.length} blobs, ${formatTransferSize(sum((blob) => blob.bytes))} / ${formatTransferSize(sum((blob) => blob.size))}`,
      );
      drawn = true;
    },
    finish() {
      if (drawn) stream.write('\r\u001b[2K');
      drawn = false;
    },
  };
}
