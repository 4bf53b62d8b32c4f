// SPDX-License-Identifier: MIT

const SHORT: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

/** A text as Go's `%q` prints it. */
export function goQuote(text: string): string {
  const escaped = text.replace(/[\u0000-\u001f"\\\u007f]/g, (character) => {
    return SHORT[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${escaped.replace(/[\u0080-\u00a0\u2028\u2029\ufeff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;
}

/** A list as Go's `%q` prints it: `["a" "b"]`. */
export function goQuoteList(texts: readonly string[]): string {
  return `[${texts.map(goQuote).join(' ')}]`;
}

/** A list as Go's `%v` prints it: `[a b]`. */
export function goList(texts: readonly string[]): string {
  return `[${texts.join(' ')}]`;
}

const UNITS = [
  [3_600_000_000_000, 'h'],
  [60_000_000_000, 'm'],
] as const;

/** A duration in nanoseconds as Go prints it: `1m30s`, `1.5ms`, `0s`. */
export function goDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 1000) return `${nanoseconds}ns`;
  if (nanoseconds < 1_000_000) return `${nanoseconds / 1000}µs`;
  if (nanoseconds < 1_000_000_000) return `${nanoseconds / 1_000_000}ms`;
  let rest = nanoseconds;
  let out = '';
  for (const [size, unit] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    // A smaller unit is written as soon as a larger one was.
    if (count > 0 || out !== '') out += `${count}${unit}`;
  }
  return `${out}${rest / 1_000_000_000}s`;
}
