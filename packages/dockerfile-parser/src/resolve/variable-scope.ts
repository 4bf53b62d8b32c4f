// SPDX-License-Identifier: MIT
import type { ScopedVariable } from './stage-graph.ts';

/**
 * Variables while instructions set them one after the other. A stage that starts from another one adds a layer, so that
 * a long chain of stages does not copy what it inherits.
 */
export class VariableScope {
  readonly #below: VariableScope | null;
  readonly #values = new Map<string, string>();
  readonly #declared = new Set<string>();
  readonly #own: ScopedVariable[] = [];

  /** Creates a scope, empty or on top of another one that will not change any more. */
  constructor(below: VariableScope | null = null) {
    this.#below = below;
  }

  /** What this layer has been given, in order. */
  get own(): readonly ScopedVariable[] {
    return this.#own;
  }

  /** The value in force; `undefined` when there is none. */
  get(name: string): string | undefined {
    const layer = VariableScope.#layerWith(this, (one) => one.#values.has(name));
    return layer === null ? undefined : layer.#values.get(name);
  }

  /** Whether an ARG names it, with a value or without. */
  isDeclared(name: string): boolean {
    return VariableScope.#layerWith(this, (layer) => layer.#declared.has(name)) !== null;
  }

  set(variable: ScopedVariable): void {
    this.#own.push(variable);
    if (variable.value !== null) this.#values.set(variable.name, variable.value);
    if (variable.origin === 'arg' || variable.origin === 'global') this.#declared.add(variable.name);
  }

  /** The topmost layer that holds something; a loop, since chains of stages can be longer than the call stack. */
  static #layerWith(top: VariableScope, holds: (layer: VariableScope) => boolean): VariableScope | null {
    let layer: VariableScope | null = top;
    while (layer !== null && !holds(layer)) layer = layer.#below;
    return layer;
  }
}
