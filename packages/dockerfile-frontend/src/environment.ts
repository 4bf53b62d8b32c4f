// SPDX-License-Identifier: MIT

/** Variables in the order they were last set. Immutable. */
export class Environment {
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, string> = new Map()) {
    this.#values = values;
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** A variable that is set again moves to the end, as in BuildKit: the order is part of RUN's cache key. */
  with(name: string, value: string): Environment {
    const values = new Map(this.#values);
    values.delete(name);
    values.set(name, value);
    return new Environment(values);
  }

  without(name: string): Environment {
    const values = new Map(this.#values);
    values.delete(name);
    return new Environment(values);
  }

  /** The same at its place; without a value the variable goes. */
  replaced(name: string, value: string | undefined): Environment {
    if (value === undefined) return this.without(name);
    return new Environment(new Map(this.#values).set(name, value));
  }

  names(): string[] {
    return [...this.#values.keys()];
  }

  /** For the parser's expansion functions. */
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
