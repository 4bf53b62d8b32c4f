// SPDX-License-Identifier: MIT
import { UsageError } from '../../usage-error.ts';

/**
 * Reads values of a flag that are `NAME=value`; `NAME` alone takes its value from `fallback`, and is left out where that
 * has none.
 *
 * @throws UsageError for a value without a name
 */
export function readPairs(
  flag: string,
  texts: readonly string[],
  fallback: (name: string) => string | undefined,
): Readonly<Record<string, string>> {
  const entries = texts.flatMap((text): [string, string][] => {
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    if (name === '')
      throw new UsageError(`invalid ${flag} value ${JSON.stringify(text)}`, `write --${flag} NAME=VALUE`);
    const value = equals < 0 ? fallback(name) : text.slice(equals + 1);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries);
}
