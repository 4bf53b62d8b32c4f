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
  /** What the image config would hold: everything but ARGs. */
  readonly #configured = new Map<string, ScopedVariable>();
  /** Names in the config that have another value here because of an ARG. */
  readonly #hidden = new Set<string>();

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
    const { name, value, origin } = variable;
    this.#own.push(variable);
    if (value !== null) this.#values.set(name, value);
    if (origin === 'arg' || origin === 'global') {
      this.#declared.add(name);
      if (value !== null && this.#configuredIn(name) !== undefined) this.#hidden.add(name);
    } else if (value !== null) {
      this.#configured.set(name, variable);
      this.#hidden.delete(name);
    }
  }

  /** Variables of the image config that ARGs of this layer hide. A stage on top of it starts with them again. */
  hiddenByArgs(): readonly ScopedVariable[] {
    return [...this.#hidden].flatMap((name) => {
      const variable = this.#configuredIn(name);
      return variable === undefined ? [] : [{ ...variable, step: -1 }];
    });
  }

  #configuredIn(name: string): ScopedVariable | undefined {
    const layer = VariableScope.#layerWith(this, (one) => one.#configured.has(name));
    return layer === null ? undefined : layer.#configured.get(name);
  }

  /** The topmost layer that holds something; a loop, since chains of stages can be longer than the call stack. */
  static #layerWith(top: VariableScope, holds: (layer: VariableScope) => boolean): VariableScope | null {
    let layer: VariableScope | null = top;
    while (layer !== null && !holds(layer)) layer = layer.#below;
    return layer;
  }
}
