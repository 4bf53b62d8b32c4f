// SPDX-License-Identifier: MIT
import type { UsageRow } from '../cache-usage.ts';
import type { Command, ParsedArguments } from '../command.ts';
import { diskSpace } from '../disk/disk-space.ts';
import { type PruneRequest, prune } from '../disk/prune.ts';
import { parseAge, parseDiskSize } from '../disk/quantities.ts';
import { parseUsageFilters } from '../disk/usage-filter.ts';
import { usageBlocks, usageTable, usageTotals } from '../render/usage-table.ts';
import type { Services } from '../wiring/services.ts';

/** `img prune` */
export const pruneCommand: Command = {
  name: 'prune',
  summary: 'Prune and clean up the build cache.',
  usage: '[OPTIONS]',
  flags: [
    {
      name: 'all',
      short: 'a',
      type: 'boolean',
      description: 'Include what images share with the cache; images themselves stay',
      more: true,
    },
    {
      name: 'filter',
      type: 'list',
      description: 'Remove only what matches (e.g., "unused-for=48h", "type==exec.cachemount")',
      more: true,
    },
    {
      name: 'keep-storage',
      type: 'string',
      value: 'bytes',
      description: 'Same as --reserved-space',
      more: true,
    },
    {
      name: 'keep-duration',
      type: 'string',
      value: 'duration',
      description: 'Keep what was used in this time (e.g., "48h", "10d")',
      more: true,
    },
    {
      name: 'reserved-space',
      type: 'string',
      value: 'bytes',
      description: 'Amount of cache to keep in any case',
      more: true,
    },
    {
      name: 'max-used-space',
      type: 'string',
      value: 'bytes',
      description: 'Remove the least useful until the cache takes no more than this',
      more: true,
    },
    {
      name: 'min-free-space',
      type: 'string',
      value: 'bytes',
      description: 'Remove the least useful until this much of the disk is free (e.g., "20GB", "15%")',
      more: true,
    },
    { name: 'dry-run', type: 'boolean', description: 'Show what would go, remove nothing', more: true },
    { name: 'verbose', type: 'boolean', description: 'Show all that is known of each record', more: true },
    {
      name: 'force',
      short: 'f',
      type: 'boolean',
      description: 'Do not ask; nothing is ever asked',
      hidden: true,
    },
  ],
  positionals: { min: 0, max: 0 },
  async run({ args, io, services, signal }) {
    const request = requestFrom(args, services);
    const rows = await prune(services, request, { signal });
    const shown: readonly UsageRow[] = rows.map((row) => ({ ...row, size: row.freed }));
    io.stdout.write(args.is('verbose') ? usageBlocks(shown) : usageTable(shown, { brief: true }));
    io.stdout.write(usageTotals(request.dryRun ? 'Reclaimable' : 'Reclaimed', shown));
  },
};

function requestFrom(args: ParsedArguments, services: Services): PruneRequest {
  const size = (flag: string, whole?: number): number | undefined => {
    const text = args.text(flag);
    return text === undefined ? undefined : parseDiskSize(text, `--${flag}`, whole);
  };
  const age = args.text('keep-duration');
  return {
    all: args.is('all'),
    matches: parseUsageFilters(args.list('filter'), Date.now()),
    isFiltered: args.list('filter').length > 0,
    keepDuration: age === undefined ? 0 : parseAge(age, '--keep-duration'),
    limits: {
      reserved: size('reserved-space') ?? size('keep-storage'),
      maxUsed: size('max-used-space'),
      minFree: size('min-free-space', diskSpace(services.state()).size),
    },
    dryRun: args.is('dry-run'),
  };
}
