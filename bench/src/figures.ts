// SPDX-License-Identifier: MIT
import type { Measurement } from './command.ts';

/** What was measured of one builder on one row. */
export interface Figures {
  readonly runs: Measurement[];
  /** Highest memory of the sampled run, in bytes. */
  memory?: number;
  /** Why there are no figures, or fewer. */
  failure?: string;
}

/** All figures by row and builder. */
export class FigureTable {
  readonly #rows = new Map<string, Map<string, Figures>>();

  of(row: string, builder: string): Figures {
    const figures = this.#rows.get(row) ?? new Map<string, Figures>();
    this.#rows.set(row, figures);
    const found = figures.get(builder) ?? { runs: [] };
    figures.set(builder, found);
    return found;
  }

  find(row: string, builder: string): Figures | undefined {
    return this.#rows.get(row)?.get(builder);
  }
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [
    sorted[Math.floor((sorted.length - 1) / 2)],
    sorted[Math.ceil((sorted.length - 1) / 2)],
  ];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}
