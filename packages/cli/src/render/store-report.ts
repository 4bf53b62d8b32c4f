// SPDX-License-Identifier: MIT

import type { StoreReport } from '../store-check/check-store.ts';
import { printableName } from './printable.ts';
import { formatBinarySize } from './units.ts';

/** One line per problem, corruption first, and a last line that sums up. */
export function storeReportText({ problems, checked }: StoreReport): string {
  const [broken, left] = [
    problems.filter(({ severity }) => severity === 'corruption'),
    problems.filter(({ severity }) => severity === 'leftover'),
  ];
  const lines = [...broken, ...left].map(
    ({ severity, subject, message }) => `${severity}: ${printableName(subject)}: ${printableName(message)}`,
  );
  const { blobs, bytes, images, records, snapshots } = checked;
  lines.push(
    `Checked ${count(blobs, 'blob')} (${formatBinarySize(bytes)}), ${count(images, 'image')}, ${count(records, 'cache record')} and ${count(snapshots, 'snapshot')}: ${verdict(broken.length, left.length)}`,
  );
  return `${lines.join('\n')}\n`;
}

function verdict(broken: number, left: number): string {
  if (broken > 0) return `${count(broken, 'corruption')}, ${count(left, 'leftover')}`;
  return left === 0
    ? 'no problem found'
    : `no corruption, ${count(left, 'leftover')} of killed processes, which later commands take away`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
