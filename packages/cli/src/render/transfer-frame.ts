// SPDX-License-Identifier: MIT
import { cutToWidth } from './display-width.ts';
import { formatTransferSize } from './units.ts';

/** How far one blob is. */
export interface BlobTransfer {
  /** Hexadecimal digits that tell it from the others. */
  readonly name: string;
  readonly size: number;
  bytes: number;
  /** What had been moved before, by an earlier command. */
  readonly before: number;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
}

const BAR = 24;
/** Blobs shown at once; registries are sent no more at a time. */
const MOST_BLOBS = 8;
/** Milliseconds after which a rate says something. */
const SETTLED = 500;

/** One picture of the transfers: a line for each blob on its way, and one for all of them together. */
export function transferFrame(
  blobs: readonly BlobTransfer[],
  { columns, now }: { readonly columns: number; readonly now: number },
): readonly string[] {
  const moving = blobs.filter(({ bytes, size }) => bytes < size);
  const lines = moving.slice(0, MOST_BLOBS).map((blob) => `${blob.name} ${bar(blob)} ${amounts(blob, now)}`);
  const all = {
    size: sum(blobs, ({ size }) => size),
    bytes: sum(blobs, ({ bytes }) => bytes),
    before: sum(blobs, ({ before }) => before),
    startedAt: Math.min(now, ...blobs.map(({ startedAt }) => startedAt)),
  };
  const done = blobs.length - moving.length;
  return [...lines, `${done} of ${blobs.length} blobs, ${amounts(all, now)}`].map((line) =>
    cutToWidth(line, columns),
  );
}

function bar({ bytes, size }: BlobTransfer): string {
  const filled = size === 0 ? BAR : Math.floor((BAR * bytes) / size);
  return `[${'='.repeat(filled)}${filled < BAR ? '>' : ''}${' '.repeat(Math.max(0, BAR - filled - 1))}]`;
}

function amounts(
  { bytes, size, before, startedAt }: Pick<BlobTransfer, 'bytes' | 'size' | 'before' | 'startedAt'>,
  now: number,
): string {
  const moved = `${formatTransferSize(bytes)} / ${formatTransferSize(size)}`;
  const elapsed = now - startedAt;
  const rate = elapsed < SETTLED ? 0 : ((bytes - before) * 1000) / elapsed;
  if (rate <= 0) return moved;
  const left = bytes < size ? `  ${duration((size - bytes) / rate)} left` : '';
  return `${moved}  ${formatTransferSize(Math.round(rate))}/s${left}`;
}

/** `42s`, `3m05s`, `2h10m`. */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole}s`;
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}

function sum(blobs: readonly BlobTransfer[], pick: (blob: BlobTransfer) => number): number {
  return blobs.reduce((total, blob) => total + pick(blob), 0);
}
