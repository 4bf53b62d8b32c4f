// SPDX-License-Identifier: MIT
import { TestEnvironment } from 'jest-environment-node';

const SHARED = [
  'Error',
  'TypeError',
  'RangeError',
  'SyntaxError',
  'AggregateError',
  'Array',
  'Object',
  'Map',
  'Set',
  'Promise',
  'Uint8Array',
  'ArrayBuffer',
  'RegExp',
  'Date',
];

/**
 * Makes `instanceof` inside a test file also accept what Node.js core created.
 *
 * Each test file runs in a context with its own constructors, so an error thrown by `node:fs` would otherwise not be an
 * `Error` there, and code that behaves well in production would fail in tests only.
 */
export default class HostAwareEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    for (const name of SHARED) acceptHostInstances(this.global[name], globalThis[name]);
  }
}

function acceptHostInstances(inner, outer) {
  const ordinary = Function.prototype[Symbol.hasInstance];
  Object.defineProperty(inner, Symbol.hasInstance, {
    configurable: true,
    value(candidate) {
      if (ordinary.call(this, candidate)) return true;
      // Subclasses inherit this method; only the constructor itself has a twin outside.
      return this === inner && ordinary.call(outer, candidate);
    },
  });
}
