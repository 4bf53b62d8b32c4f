// SPDX-License-Identifier: MIT
import type {
  AbortOptions,
  CacheRecordStore,
  ChecksumSelector,
  Clock,
  Lease,
  OperationWork,
  Report,
  SecretSource,
  SnapshotWork,
  Source,
  Tree,
} from '@img-build/interfaces';
import type { Digest, Platform } from '@img-build/oci';
import { type BuildResult, recordIdOf } from './build-result.ts';
import type { RecordChains } from './record-chain.ts';
import { newRecordId } from './record-id.ts';

/** Hashes trees wherever they are: a host folder here, a snapshot in the worker. */
export type TreeChecksum = (
  tree: Tree,
  selectors: readonly ChecksumSelector[],
  options: AbortOptions,
) => Promise<readonly Digest[]>;

/** What the ops of one build share. */
export interface BuildContext {
  readonly records: CacheRecordStore;
  readonly lease: Lease;
  readonly chains: RecordChains;
  readonly worker: SnapshotWork & OperationWork;
  readonly checksum: TreeChecksum;
  readonly sources: readonly Source[];
  readonly secrets: SecretSource;
  /** For ops that name no platform. */
  readonly platform: Platform;
  readonly report: Report;
  readonly clock: Clock;
  /** What steps may use besides what all may. */
  readonly entitlements: readonly string[];
  /** Cache mounts that this build emptied: what one step puts in, a later one must find. */
  readonly emptiedCaches: Set<string>;
}

/** Ids for new records, protected from collection before anything is made under them. */
export function reserveRecords({ lease }: BuildContext, count: number): readonly string[] {
  const ids = Array.from({ length: count }, () => newRecordId());
  lease.addRecords(ids);
  return ids;
}

/** The tree of a result, its snapshots made first. */
export async function treeOf(
  context: BuildContext,
  result: BuildResult,
  vertex: Digest,
  options: AbortOptions,
): Promise<Tree> {
  if (result.type === 'tree') return result.tree;
  const id = recordIdOf(result);
  if (id === undefined) return { type: 'empty' };
  await unpackReporting(context, id, vertex, options);
  return { type: 'snapshot', name: id };
}

/** Unpacks a chain and shows each layer's transfer and the unpacking under `vertex`. */
async function unpackReporting(
  { chains, report, clock }: BuildContext,
  id: string,
  vertex: Digest,
  { signal }: AbortOptions,
): Promise<void> {
  const started = new Map<string, { at: number; current: number; total?: number | undefined }>();
  await chains.unpack(id, {
    signal,
    onLayer(layer, stage, bytes) {
      const { digest, size } = layer.descriptor;
      const id = stage === 'fetching' ? digest : `unpacking ${digest}`;
      const total = stage === 'fetching' ? size : undefined;
      const known = started.get(id) ?? { at: clock(), current: 0, total };
      started.set(id, { ...known, current: bytes });
      report({ type: 'status-progressed', vertex, id, current: bytes, total, startedAt: known.at });
    },
  });
  for (const [id, { at, current, total }] of started) {
    report({
      type: 'status-progressed',
      vertex,
      id,
      current: total ?? current,
      total,
      startedAt: at,
      completedAt: clock(),
    });
  }
}
