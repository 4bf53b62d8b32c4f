// SPDX-License-Identifier: MIT
import { LayerError } from '../layer-error.ts';

/** How much one archive may unpack to before it is taken for an attack. */
export interface UnpackLimits {
  /** Bytes of file content. */
  readonly bytes: number;
  /** Files, folders and everything else that has a name. */
  readonly entries: number;
  /** Unpacked bytes per compressed byte; looked at only above 1 GiB, because empty disk images compress that well. */
  readonly ratio: number;
}

const GIB = 1024 ** 3;

/** 256 GiB, 8 million entries, 1:2000. */
export const DEFAULT_UNPACK_LIMITS: UnpackLimits = { bytes: 256 * GIB, entries: 8_000_000, ratio: 2000 };

/** Counts what an archive unpacks to. */
export class UnpackMeter {
  readonly #limits: UnpackLimits;
  #bytes = 0;
  #entries = 0;

  constructor(limits: UnpackLimits) {
    this.#limits = limits;
  }

  /** Bytes of file content so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws LayerError `LAYER_TOO_LARGE` */
  addEntry(size: number): void {
    this.#entries++;
    this.#bytes += size;
    if (this.#entries > this.#limits.entries)
      throw tooLarge(`unpacks to more than ${this.#limits.entries} files`);
    if (this.#bytes > this.#limits.bytes) throw tooLarge(`unpacks to more than ${this.#limits.bytes} bytes`);
  }

  /** @throws LayerError `LAYER_TOO_LARGE` */
  checkRatio(compressed: number, unpacked: number): void {
    if (unpacked > GIB && unpacked > compressed * this.#limits.ratio) {
      throw tooLarge(`unpacks to more than ${this.#limits.ratio} times its size`);
    }
  }
}

function tooLarge(message: string): LayerError {
  return new LayerError(message, { code: 'LAYER_TOO_LARGE' });
}
