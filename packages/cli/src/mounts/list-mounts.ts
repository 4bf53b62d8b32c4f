// SPDX-License-Identifier: MIT
import type { CommandContext } from '../command.ts';
import { printableName } from '../render/printable.ts';
import { formatTable } from '../render/table.ts';
import { formatAge, formatBinarySize } from '../render/units.ts';
import { UsageError } from '../usage-error.ts';
import { chosenMounts, localMounts, type MeasuredMount, measureMounts } from './local-mounts.ts';

/** `img cache mount ls [ID...]` */
export async function listMounts(
  { args, io, services, signal }: CommandContext,
  names: readonly string[],
): Promise<void> {
  const format = args.text('format') ?? 'table';
  if (format !== 'table' && format !== 'json')
    throw new UsageError(`unknown format ${JSON.stringify(format)}`, 'it can be table or json');
  const all = await localMounts(services);
  const mounts = await measureMounts(services, names.length === 0 ? all : chosenMounts(all, names), {
    signal,
  });
  if (format === 'json') for (const mount of mounts) io.print(JSON.stringify(jsonOf(mount)));
  else io.stdout.write(tableOf(mounts, Date.now()));
}

function tableOf(mounts: readonly MeasuredMount[], now: number): string {
  return formatTable([
    ['ID', 'SIZE', 'IN USE', 'LAST USED', 'MOUNT'],
    ...mounts.map(({ shortId, id, size, inUse, lastUsedAt }) => [
      shortId,
      formatBinarySize(size),
      String(inUse),
      formatAge(lastUsedAt, now),
      printableName(id),
    ]),
  ]);
}

/** One object per line; sizes in bytes, times as in RFC 3339. */
function jsonOf({ shortId, id, seeded, size, inUse, createdAt, lastUsedAt }: MeasuredMount): object {
  return {
    ID: shortId,
    Mount: id,
    Seeded: seeded,
    Size: size,
    InUse: inUse,
    CreatedAt: new Date(createdAt).toISOString(),
    LastUsedAt: new Date(lastUsedAt).toISOString(),
  };
}
