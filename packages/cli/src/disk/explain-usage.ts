// SPDX-License-Identifier: MIT
import type { CacheRecord } from '@img-build/interfaces';
import type { Metadata } from '@img-build/metadata';
import type { Digest } from '@img-build/oci';
import { type BlobTree, createBlobTree } from '../blob-tree.ts';
import type { DiskUsage, UsageRow } from '../cache-usage.ts';
import { printableName } from '../render/printable.ts';
import { formatTable } from '../render/table.ts';
import { formatAge, formatBinarySize } from '../render/units.ts';
import { UsageError } from '../usage-error.ts';
import type { Services } from '../wiring/services.ts';
import { stateLimits } from './disk-settings.ts';
import { diskSpace } from './disk-space.ts';
import { INPUT_AGE, INPUT_BYTES, isInput, LONGEST_AGE, leastUsefulRows } from './ladder.ts';

/** Cache keys named one by one; the others are counted. */
const SHOWN = 5;

/**
 * Tells what keeps a record and when it would go.
 *
 * @param wanted - its id, or how the id begins.
 * @throws UsageError when no record, or several, are called so
 */
export async function explainUsage(services: Services, usage: DiskUsage, wanted: string): Promise<string> {
  const row = findRow(usage.rows, wanted);
  const metadata = await services.metadata();
  const now = Date.now();
  const { record } = row;
  const kept = [
    ...(await imageReasons(metadata, await createBlobTree(services), usage.rows, row)),
    ...childReasons(usage.rows, record),
    ...buildReasons(metadata, usage.rows, row, now),
  ];
  return formatTable([
    ['ID:', record.id],
    ['Description:', printableName(record.description)],
    ['Type:', record.type],
    ['Size:', formatBinarySize(row.size)],
    ['Usage count:', String(record.usageCount)],
    ['Last used:', formatAge(record.lastUsedAt, now)],
    ...labelled('Found by:', keyTexts(metadata, record)),
    ...labelled('Kept by:', kept.length === 0 ? ['nothing'] : kept),
    ...labelled('Goes:', departures(services, usage, row)),
  ]);
}

function findRow(rows: readonly UsageRow[], wanted: string): UsageRow {
  const id = wanted.replace(/\*$/, '');
  const exact = rows.find(({ record }) => record.id === id);
  const found = rows.filter(({ record }) => record.id.startsWith(id) || record.id.startsWith(`sha256:${id}`));
  const row = exact ?? (found.length === 1 ? found[0] : undefined);
  if (row !== undefined && id !== '') return row;
  throw new UsageError(
    found.length > 1 && id !== ''
      ? `${found.length} records have an id that begins with ${JSON.stringify(id)}`
      : `no record has the id ${JSON.stringify(id)}`,
    'img du lists all of them',
  );
}

function labelled(label: string, lines: readonly string[]): readonly (readonly string[])[] {
  return lines.map((line, index) => [index === 0 ? label : '', line]);
}

/** Images whose layers are those of the record, or of one that stands on it. */
async function imageReasons(
  { images }: Metadata,
  children: BlobTree,
  rows: readonly UsageRow[],
  { record, shared }: UsageRow,
): Promise<readonly string[]> {
  if (!shared) return [];
  const layers = new Map(
    [record, ...descendants(rows, record)].flatMap((each) =>
      each.layer === undefined ? [] : [[each.layer.descriptor.digest, each] as const],
    ),
  );
  const reasons: string[] = [];
  for (const { name, target } of images.list()) {
    const reached = await closure(target.digest, children);
    const layer = [...layers.keys()].find((digest) => reached.has(digest));
    if (layer !== undefined)
      reasons.push(
        layers.get(layer) === record
          ? `image ${name}, whose layer ${layer} it is`
          : `image ${name}, which has a layer that stands on it`,
      );
  }
  return reasons;
}

async function closure(root: Digest, children: BlobTree): Promise<ReadonlySet<Digest>> {
  const reached = new Set([root]);
  for (const digest of reached) for (const child of await children(digest)) reached.add(child);
  return reached;
}

function childReasons(rows: readonly UsageRow[], { id }: CacheRecord): readonly string[] {
  return rows
    .filter(({ record }) => record.parent === id)
    .map(({ record }) => `record ${record.id} (${printableName(record.description)}), which stands on it`);
}

function buildReasons(
  { leases }: Metadata,
  rows: readonly UsageRow[],
  { record, inUse }: UsageRow,
  now: number,
): readonly string[] {
  if (!inUse) return [];
  const ids = new Set([record, ...descendants(rows, record)].map(({ id }) => id));
  const holders = leases.list().filter(({ records }) => [...ids].some((id) => records.has(id)));
  if (holders.length === 0) return ['a build that is running'];
  return holders.map(
    ({ owner, since }) => `the build of process ${owner.pid}, which began ${formatAge(since, now)}`,
  );
}

function descendants(rows: readonly UsageRow[], record: CacheRecord): readonly CacheRecord[] {
  const byParent = Map.groupBy(rows, (row) => row.record.parent);
  const found: CacheRecord[] = [];
  const queue = [record.id];
  for (const id of queue)
    for (const { record: child } of byParent.get(id) ?? []) {
      found.push(child);
      queue.push(child.id);
    }
  return found;
}

function keyTexts(metadata: Metadata, { id }: CacheRecord): readonly string[] {
  const keys = metadata.keysOf(id);
  const rest = keys.length - SHOWN;
  return [
    ...keys.slice(0, SHOWN).map((key) => `cache key ${key}`),
    ...(rest > 0 ? [`and ${rest} more cache keys`] : []),
  ];
}

/** When it would go: asked for, and by itself. */
function departures(services: Services, { rows, total }: DiskUsage, row: UsageRow): readonly string[] {
  if (row.inUse) return ['not before the build that uses it has ended'];
  const space = diskSpace(services.state());
  const limits = stateLimits(space, services.env);
  const asked = row.shared
    ? 'with img prune --all, or with img prune after the images are removed'
    : 'with img prune';
  if (limits === undefined) return [asked, 'never by itself: IMG_MAX_SIZE is none'];
  const date = (age: number): string => new Date(row.record.lastUsedAt + age).toISOString().slice(0, 10);
  const order = orderOf(rows);
  const place = `${order.indexOf(row) + 1} of ${order.length} in the order`;
  return [
    asked,
    ...(isInput(row)
      ? [
          `on ${date(INPUT_AGE)} unless it is used, when inputs take more than ${formatBinarySize(INPUT_BYTES)}`,
        ]
      : []),
    ...(row.shared
      ? []
      : [
          `on ${date(LONGEST_AGE)} unless it is used, when the state takes more than ${formatBinarySize(limits.reserved)}`,
        ]),
    `when the state (now ${formatBinarySize(total)}) takes more than ${formatBinarySize(limits.maxUsed)}, or less than ` +
      `${formatBinarySize(limits.minFree)} of the disk (now ${formatBinarySize(space.free)}) is free while it takes more than ` +
      `${formatBinarySize(limits.reserved)}: ${place}`,
  ];
}

/** Everything in the order in which it would have to go; what images share comes last. */
function orderOf(rows: readonly UsageRow[]): readonly UsageRow[] {
  const all = { bytes: Number.POSITIVE_INFINITY };
  const plain = leastUsefulRows(rows, { ...all, mayGo: ({ inUse, shared }) => !inUse && !shared });
  const gone = new Set(plain);
  const rest = rows.filter((row) => !gone.has(row));
  return [...plain, ...leastUsefulRows(rest, { ...all, mayGo: ({ inUse }) => !inUse })];
}
