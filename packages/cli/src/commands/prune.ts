// SPDX-License-Identifier: MIT
import { removeKeptSources } from '../build/context/remote-sources.ts';
import { usageRows } from '../cache-usage.ts';
import { collect } from '../collection.ts';
import type { Command } from '../command.ts';
import { usageTable, usageTotals } from '../render/usage-table.ts';

/** `img prune` */
export const pruneCommand: Command = {
  name: 'prune',
  summary: 'Prune and clean up the build cache.',
  usage: '[OPTIONS]',
  flags: [],
  positionals: { min: 0, max: 0 },
  async run({ io, services, signal }) {
    const before = await usageRows(services, { signal });
    const removed = new Set(await collect(services, { records: 'reclaimable', signal }));
    // Downloads that were interrupted wait here to be resumed.
    await (await services.content()).sweep({ olderThan: 0 });
    await removeKeptSources(services, { signal });
    const rows = before.filter(({ record }) => removed.has(record.id));
    io.stdout.write(usageTable(rows, { brief: true }));
    io.stdout.write(usageTotals('Reclaimed', rows));
  },
};
