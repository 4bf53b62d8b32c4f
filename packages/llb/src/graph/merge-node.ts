// SPDX-License-Identifier: MIT
import { EMPTY_INPUT, type Input } from '../ops.ts';
import { addInput, type GraphNode, type OpOptions, type Output } from './node.ts';

/** A node that stacks trees. */
export function createMergeNode(layers: readonly Output[], options: OpOptions): GraphNode {
  return {
    options,
    caps: ['mergeop'],
    inputs: () => layers,
    toOp(context) {
      // Every layer is an input of its own, also when one occurs twice: the position counts.
      const inputs = layers.map((layer) => context.input(layer));
      return {
        inputs,
        platform: options.platform ?? context.platform,
        constraints: { filter: [] },
        type: 'merge',
        merge: { inputs: inputs.map((_, input) => ({ input })) },
      };
    },
  };
}

/** A node that keeps what `upper` changed. */
export function createDiffNode(lower: Output, upper: Output, options: OpOptions): GraphNode {
  const sides = [lower, upper].filter((side) => side.node() !== undefined);
  return {
    options,
    caps: ['diffop'],
    inputs: () => sides,
    toOp(context) {
      const inputs: Input[] = [];
      const index = (side: Output): number =>
        side.node() === undefined ? EMPTY_INPUT : addInput(inputs, context.input(side));
      return {
        type: 'diff',
        diff: { lower: { input: index(lower) }, upper: { input: index(upper) } },
        inputs,
        platform: options.platform ?? context.platform,
        constraints: { filter: [] },
      };
    },
  };
}
