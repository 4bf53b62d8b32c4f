// SPDX-License-Identifier: MIT
import { diskUsage } from '../cache-usage.ts';
import type { Command } from '../command.ts';
import { parseUsageFilters } from '../disk/usage-filter.ts';
import { usageBlocks, usageJson, usageTable, usageTotals } from '../render/usage-table.ts';
import { UsageError } from '../usage-error.ts';

const FORMATS = ['table', 'json'];

/** `img du` */
export const duCommand: Command = {
  name: 'du',
  summary: 'Show image disk usage.',
  usage: '[OPTIONS]',
  flags: [
    { name: 'filter', short: 'f', type: 'list', description: 'Filter output based on conditions provided' },
    { name: 'verbose', type: 'boolean', description: 'Show all that is known of each record', more: true },
    {
      name: 'format',
      type: 'string',
      description: 'Output as "table" or as "json", one object per line',
      default: '"table"',
      more: true,
    },
    {
      name: 'why',
      type: 'string',
      value: 'ID',
      description: 'Explain what keeps a record, and when it would go',
      more: true,
    },
  ],
  positionals: { min: 0, max: 0 },
  async run({ args, io, services, signal, debug }) {
    const format = args.text('format') ?? 'table';
    if (!FORMATS.includes(format))
      throw new UsageError(`unknown format ${JSON.stringify(format)}`, `it can be ${FORMATS.join(' or ')}`);
    const filters = args.list('filter');
    const matches = parseUsageFilters(filters, Date.now());
    const wanted = args.text('why');
    const usage = await diskUsage(services, { signal });
    if (wanted !== undefined) {
      const { explainUsage } = await import('../disk/explain-usage.ts');
      io.stdout.write(await explainUsage(services, usage, wanted));
      return;
    }
    const rows = usage.rows.filter(matches);
    if (format === 'json') {
      io.stdout.write(usageJson(rows));
      return;
    }
    io.stdout.write(debug || args.is('verbose') ? usageBlocks(rows) : usageTable(rows));
    if (filters.length === 0) io.stdout.write(usageTotals('Reclaimable', rows));
  },
};
