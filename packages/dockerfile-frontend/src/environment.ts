// SPDX-License-Identifier: MIT

/** Variables in the order they were last set. */
export class Environment {
  readonly #values: Map<string, string>;

  constructor(values: Iterable<readonly [name: string, value: string]> = []) {
    this.#values = new Map(values);
  }

  /** The same variables, to be changed apart from these. */
  copy(): Environment {
    return new Environment(this.#values);
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** A variable that is set again moves to the end, as in BuildKit: the order is part of RUN's cache key. */
  set(name: string, value: string): void {
    this.#values.delete(name);
    this.#values.set(name, value);
  }

  /** Sets a variable that is there at its place; without a value it goes. */
  replace(name: string, value: string | undefined): void {
    if (!this.#values.has(name)) return;
    if (value === undefined) this.#values.delete(name);
    else this.#values.set(name, value);
  }

  names(): string[] {
    return [...this.#values.keys()];
  }

  /** For the parser's expansion functions; changes with the variables. */
  toMap(): ReadonlyMap<string, string> {
    return this.#values;
  }

  /** `NAME=value` each. */
  toList(): string[] {
    return [...this.#values].map(([name, value]) => `${name}=${value}`);
  }
}

/** Splits `NAME=value`; without `=` the value is empty. */
export function splitVariable(pair: string): readonly [name: string, value: string] {
  const equals = pair.indexOf('=');
  return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
}
