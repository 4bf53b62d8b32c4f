// SPDX-License-Identifier: MIT
import { createExecNode, type RunOptions } from './exec-node.ts';
import { createFileNode, type FileStep } from './file-node.ts';
import { createDiffNode, createMergeNode } from './merge-node.ts';
import type { GraphNode, OpOptions, Output } from './node.ts';

/** A tree of files that a graph computes. Immutable: every change gives a new one. */
export interface State {
  readonly output: Output;
  /** Runs a command with this tree as root. */
  run(options: RunOptions): RunResult;
  /** Applies file actions, at least one, in order. */
  file(steps: readonly FileStep[], options?: OpOptions): State;
}

/** What a command leaves behind. */
export interface RunResult {
  /** The changed root. */
  readonly root: State;
  /** The changed tree of the n-th mount of the options; an empty tree for one whose changes are dropped. */
  mount(index: number): State;
}

/** The tree with nothing in it. */
export function scratch(): State {
  return stateOf({ node: () => undefined, index: 0 });
}

/** A tree that is decided, once, when the graph is marshalled. */
export function deferred(decide: () => State): State {
  let decided: State | undefined;
  return stateOf({ node: () => (decided ??= decide()).output.node(), index: 0 });
}

/** Stacks trees, the first one lowest. Empty trees are left out; of one tree nothing is made but that tree. */
export function merge(states: readonly State[], options: OpOptions = {}): State {
  const layers = states.filter((state) => state.output.node() !== undefined);
  const [only] = layers;
  if (only === undefined) return scratch();
  if (layers.length === 1) return only;
  return stateOf(
    outputOf(
      createMergeNode(
        layers.map((state) => state.output),
        options,
      ),
    ),
  );
}

/** What `upper` has that `lower` has not, deletions included. */
export function diff(lower: State, upper: State, options: OpOptions = {}): State {
  if (lower.output.node() === undefined) return upper;
  return stateOf(outputOf(createDiffNode(lower.output, upper.output, options)));
}

/** Wraps a node's only (or first) output. */
export function stateOfNode(node: GraphNode): State {
  return stateOf(outputOf(node));
}

function stateOf(output: Output): State {
  return {
    output,
    run: (options) => runOn(output, options),
    file: (steps, options = {}) => fileOn(output, steps, options),
  };
}

function runOn(root: Output, options: RunOptions): RunResult {
  const { node, outputIndex } = createExecNode(root, options);
  return {
    root: options.readonlyRoot === true ? stateOf(root) : stateOf(outputOf(node, outputIndex('root'))),
    mount(index) {
      const output = outputIndex(index);
      return output < 0 ? scratch() : stateOf(outputOf(node, output));
    },
  };
}

function fileOn(base: Output, steps: readonly FileStep[], options: OpOptions): State {
  return stateOf(outputOf(createFileNode(base, steps, options)));
}

function outputOf(node: GraphNode, index = 0): Output {
  return { node: () => node, index };
}
