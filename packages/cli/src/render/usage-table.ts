// SPDX-License-Identifier: MIT
import type { UsageRow } from '../cache-usage.ts';
import { printableName } from './printable.ts';
import { formatTable } from './table.ts';
import { formatBinarySize } from './units.ts';

const HEADER = ['ID', 'RECLAIMABLE', 'SIZE', 'DESCRIPTION'];
const DESCRIPTION_WIDTH = 50;

/** The table of `du`, and with `brief` that of `prune`; `*` marks what is still being changed. */
export function usageTable(
  rows: readonly UsageRow[],
  { brief = false }: { readonly brief?: boolean } = {},
): string {
  return formatTable([
    HEADER,
    ...rows.map(({ record, reclaimable, size, mutable }) => [
      `${record.id}${mutable ? '*' : ''}`,
      String(reclaimable),
      formatBinarySize(size),
      brief ? shortened(record.description) : printableName(record.description),
    ]),
  ]);
}

/** The sums below the table. */
export function usageTotals(label: 'Reclaimable' | 'Reclaimed', rows: readonly UsageRow[]): string {
  const sum = (counted: readonly UsageRow[]): string =>
    formatBinarySize(counted.reduce((total, { size }) => total + size, 0));
  return formatTable([
    [`${label}:`, sum(rows.filter(({ reclaimable }) => reclaimable))],
    ['Total:', sum(rows)],
  ]);
}

function shortened(description: string): string {
  const text = printableName(description);
  return text.length > DESCRIPTION_WIDTH ? `${text.slice(0, DESCRIPTION_WIDTH)}...` : text;
}
