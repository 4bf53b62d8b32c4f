// SPDX-License-Identifier: MIT
import type { CacheRecord } from '@img-build/interfaces';
import { type UsageRow, usageRows } from '../cache-usage.ts';
import type { Command, CommandIo } from '../command.ts';
import { parseFilters } from '../filter.ts';
import { formatTable } from '../render/table.ts';
import { formatBinarySize } from '../render/units.ts';
import { usageTable, usageTotals } from '../render/usage-table.ts';

const FIELDS = ['id', 'parent', 'type', 'description', 'inuse', 'mutable', 'shared', 'private'];

/** `img du` */
export const duCommand: Command = {
  name: 'du',
  summary: 'Show image disk usage.',
  usage: '[OPTIONS]',
  flags: [
    { name: 'filter', short: 'f', type: 'list', description: 'Filter output based on conditions provided' },
  ],
  positionals: { min: 0, max: 0 },
  async run({ args, io, services, signal, debug }) {
    const matches = parseFilters(args.list('filter'), FIELDS);
    const rows = (await usageRows(services, { signal })).filter((row) => matches(fieldsOf(row)));
    if (debug) for (const row of rows) printRecord(io, row);
    else io.stdout.write(usageTable(rows));
    if (args.list('filter').length === 0) io.stdout.write(usageTotals('Reclaimable', rows));
  },
};

function fieldsOf({
  record,
  inUse,
  mutable,
  shared,
}: UsageRow): Readonly<Record<string, string | readonly string[]>> {
  const present = (name: string, holds: boolean): Readonly<Record<string, string>> =>
    holds ? { [name]: 'true' } : {};
  return {
    id: record.id,
    type: record.type,
    description: record.description,
    ...(record.parent === undefined ? {} : { parent: record.parent }),
    ...present('inuse', inUse),
    ...present('mutable', mutable),
    ...present('shared', shared),
    ...present('private', !shared),
  };
}

function printRecord(io: CommandIo, { record, size, reclaimable, mutable }: UsageRow): void {
  io.stdout.write(
    formatTable([
      ['ID:', record.id],
      ...(record.parent === undefined ? [] : [['Parent:', record.parent]]),
      ['Created at:', new Date(record.createdAt).toISOString()],
      ['Mutable:', String(mutable)],
      ['Reclaimable:', String(reclaimable)],
      ['Size:', formatBinarySize(size)],
      ['Description:', record.description],
      ...usageOf(record),
      ['Type:', record.type],
    ]),
  );
  io.print('');
}

function usageOf({ usageCount, lastUsedAt }: CacheRecord): string[][] {
  return [
    ['Usage count:', String(usageCount)],
    ['Last used:', new Date(lastUsedAt).toISOString()],
  ];
}
