// SPDX-License-Identifier: MIT

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** A boolean as Go's strconv reads it; `null` when it is none. */
export function parseBoolean(text: string): boolean | null {
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : null;
}

/** An unsigned number below 2^32 in the given base, digits only; `null` when it is none. */
export function parseUnsigned(text: string, base: 8 | 10): number | null {
  if (!(base === 8 ? /^[0-7]+$/ : /^[0-9]+$/).test(text)) return null;
  const value = Number.parseInt(text, base);
  return value <= 0xffff_ffff ? value : null;
}

const MEMORY_UNITS = 'kmgtp';

/** Bytes of `64m`, `1.5GiB`, `512`: units are powers of 1024; `null` when it is no size. */
export function parseMemorySize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])i?b?|b)?$/i.exec(text);
  if (match === null) return null;
  const unit = match[2]?.toLowerCase();
  const power = unit === undefined ? 0 : MEMORY_UNITS.indexOf(unit) + 1;
  return Math.trunc(Number(match[1]) * 1024 ** power);
}

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  '\u00b5s': 1e3,
  '\u03bcs': 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

const LONGEST_DURATION = 2 ** 63;

/** Nanoseconds of a Go duration such as `1m30s` or `-1.5h`; `null` when it is none or does not fit 64 bits. */
export function parseDuration(text: string): number | null {
  const match = /^([+-]?)(0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)$/.exec(text);
  if (match === null) return null;
  let total = 0;
  for (const [, amount, unit] of (match[2] as string).matchAll(/([\d.]+)([a-z\u00b5\u03bc]+)/g)) {
    total += Number(amount) * (NANOSECONDS[unit as string] as number);
  }
  if (total >= LONGEST_DURATION) return null;
  return match[1] === '-' ? 0 - Math.trunc(total) : Math.trunc(total);
}
