// SPDX-License-Identifier: MIT
import type { Layer, Op, Result } from '@img-build/interfaces';
import type { DiffOp, MergeOp } from '@img-build/llb';
import type { BuildContext } from '../build-context.ts';
import { asBuildResult, type BuildResult, recordIdOf, recordResult } from '../build-result.ts';
import { BuilderError } from '../builder-error.ts';
import { newRecordId } from '../record-id.ts';

/** Stacks file systems: the layers of each further input go on top, as layers, not file by file. */
export function createMergeOp(
  { chains, records, lease }: BuildContext,
  { inputs }: MergeOp,
  cacheMap: Op['cacheMap'],
): Op {
  return {
    cacheMap,
    async execute(results: readonly Result[], options) {
      const [first, ...others] = inputs.map(({ input }) => buildResult(results, input));
      let top = first && recordIdOf(first);
      for (const other of others) {
        const id = recordIdOf(other);
        if (id !== undefined) top = stack({ records, lease }, top, await chains.layers(id, options), 'merge');
      }
      return [recordResult(top)];
    },
  };
}

/** What the upper file system adds to the lower one it was made from. */
export function createDiffOp(
  { chains, records, lease }: BuildContext,
  { lower, upper }: DiffOp,
  cacheMap: Op['cacheMap'],
): Op {
  return {
    cacheMap,
    async execute(results: readonly Result[], options) {
      const below = recordIdOf(buildResult(results, lower.input));
      const above = recordIdOf(buildResult(results, upper.input));
      if (above === undefined) return [recordResult()];
      const chain = chains.chain(above).map(({ id }) => id);
      const skip = below === undefined ? 0 : chain.indexOf(below) + 1;
      if (below !== undefined && skip === 0) {
        throw new BuilderError('a diff of file systems that do not stand on one another is not supported', {
          code: 'BUILD_OP_UNSUPPORTED',
        });
      }
      const layers = await chains.layers(above, options);
      return [recordResult(stack({ records, lease }, undefined, layers.slice(skip), 'diff'))];
    },
  };
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
