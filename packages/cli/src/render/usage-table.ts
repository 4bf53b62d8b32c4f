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

/** Everything about each row, in blocks with an empty line behind. */
export function usageBlocks(rows: readonly UsageRow[]): string {
  return rows.map((row) => `${usageBlock(row)}\n`).join('');
}

function usageBlock({ record, size, reclaimable, mutable, shared, inUse }: UsageRow): string {
  return formatTable([
    ['ID:', record.id],
    ...(record.parent === undefined ? [] : [['Parent:', record.parent]]),
    ['Created at:', new Date(record.createdAt).toISOString()],
    ['Mutable:', String(mutable)],
    ['Reclaimable:', String(reclaimable)],
    ['Shared:', String(shared)],
    ['In use:', String(inUse)],
    ['Size:', formatBinarySize(size)],
    ['Description:', printableName(record.description)],
    ['Usage count:', String(record.usageCount)],
    ['Last used:', new Date(record.lastUsedAt).toISOString()],
    ['Type:', record.type],
  ]);
}

/** One JSON object per line, with the names that `docker buildx du` gives them; sizes in bytes, times as in RFC 3339. */
export function usageJson(rows: readonly UsageRow[]): string {
  return rows
    .map(({ record, size, reclaimable, mutable, shared, inUse }) => {
      const value = {
        ID: record.id,
        Parents: record.parent === undefined ? [] : [record.parent],
        CreatedAt: new Date(record.createdAt).toISOString(),
        Mutable: mutable,
        Reclaimable: reclaimable,
        Shared: shared,
        InUse: inUse,
        Size: size,
        Description: record.description,
        UsageCount: record.usageCount,
        LastUsedAt: new Date(record.lastUsedAt).toISOString(),
        Type: record.type,
      };
      return `${JSON.stringify(value)}\n`;
    })
    .join('');
}

/** The sums below the table. */
export function usageTotals(label: 'Reclaimable' | 'Reclaimed', rows: readonly UsageRow[]): string {
  const sum = (counted: readonly UsageRow[]): string =>
    formatBinarySize(counted.reduce((total, { size }) => total + size, 0));
  const counted = label === 'Reclaimed' ? rows : rows.filter(({ reclaimable }) => reclaimable);
  return formatTable([
    [`${label}:`, sum(counted)],
    ['Total:', sum(rows)],
  ]);
}

function shortened(description: string): string {
  const text = printableName(description);
  return text.length > DESCRIPTION_WIDTH ? `${text.slice(0, DESCRIPTION_WIDTH)}...` : text;
}
