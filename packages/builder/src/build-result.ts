// SPDX-License-Identifier: MIT
import type { Result, Tree } from '@img-build/interfaces';

/** Id of the empty file system, which needs no record. */
export const SCRATCH_ID = 'scratch';

/** A file system made of records: `id` names the topmost, its parents lie below. */
export interface RecordResult extends Result {
  readonly type: 'record';
  /** What progress shows for the import of the cache that it came from. */
  readonly importedFrom?: string | undefined;
}

/** A tree that exists outside the store, for this build only. */
export interface TreeResult extends Result {
  readonly type: 'tree';
  readonly tree: Tree;
}

/** What the builder's ops give one another. */
export type BuildResult = RecordResult | TreeResult;

/** The result of record `id`, or the empty file system. */
export function recordResult(id: string = SCRATCH_ID): RecordResult {
  return { type: 'record', id };
}

/** The solver hands results back as it got them. */
export function asBuildResult(result: Result): BuildResult {
  return result as BuildResult;
}

/** The record a result stands for; `undefined` for the empty file system. */
export function recordIdOf(result: BuildResult): string | undefined {
  return result.type === 'record' && result.id !== SCRATCH_ID ? result.id : undefined;
}
