// SPDX-License-Identifier: MIT
import type { Layer, Op, OpContext, Result } from '@img-build/interfaces';
import type { DiffOp, MergeOp } from '@img-build/llb';
import { type BuildContext, reserveRecords } from '../build-context.ts';
import { asBuildResult, type BuildResult, recordIdOf, recordResult } from '../build-result.ts';
import { BuilderError } from '../builder-error.ts';
import { newRecordId } from '../record-id.ts';

/** Stacks file systems: the layers of each further input go on top, as layers, not file by file. */
export function createMergeOp(context: BuildContext, { inputs }: MergeOp, cacheMap: Op['cacheMap']): Op {
  return {
    cacheMap,
    async execute(results: readonly Result[], options) {
      let top: string | undefined;
      for (const { input } of inputs) {
        const id = await recordOf(context, buildResult(results, input), options);
        if (top === undefined) top = id;
        else if (id !== undefined)
          top = stack(context, top, await context.chains.layers(id, options), 'merge');
      }
      return [recordResult(top)];
    },
  };
}

/** What the upper file system adds to the lower one it was made from. */
export function createDiffOp(context: BuildContext, { lower, upper }: DiffOp, cacheMap: Op['cacheMap']): Op {
  return {
    cacheMap,
    async execute(results: readonly Result[], options) {
      const { chains } = context;
      const below = await recordOf(context, buildResult(results, lower.input), options);
      const above = await recordOf(context, buildResult(results, upper.input), options);
      if (above === undefined) return [recordResult()];
      const chain = chains.chain(above).map(({ id }) => id);
      const skip = below === undefined ? 0 : chain.indexOf(below) + 1;
      if (below !== undefined && skip === 0) {
        throw new BuilderError('a diff of file systems that do not stand on one another is not supported', {
          code: 'BUILD_OP_UNSUPPORTED',
        });
      }
      const layers = await chains.layers(above, options);
      return [recordResult(stack(context, undefined, layers.slice(skip), 'diff'))];
    },
  };
}

/** A tree outside the store becomes a record: only those have layers. */
async function recordOf(
  context: BuildContext,
  result: BuildResult,
  options: OpContext,
): Promise<string | undefined> {
  if (result.type !== 'tree') return recordIdOf(result);
  const [id = ''] = reserveRecords(context, 1);
  await context.worker.materialize(id, result.tree, options);
  context.records.put({ id, type: 'source.local', description: options.vertex.name });
  return id;
}

function buildResult(results: readonly Result[], index: number): BuildResult {
  const result = results[index];
  return result === undefined ? recordResult() : asBuildResult(result);
}

/** New records with the given layers on top of `parent`. */
function stack(
  { records, lease }: Pick<BuildContext, 'records' | 'lease'>,
  parent: string | undefined,
  layers: readonly Layer[],
  description: string,
): string | undefined {
  return layers.reduce((below: string | undefined, layer) => {
    const id = newRecordId();
    lease.addRecords([id]);
    records.put({ id, parent: below, type: 'regular', description, layer });
    return id;
  }, parent);
}
