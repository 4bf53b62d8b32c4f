// SPDX-License-Identifier: MIT
import { parseMemorySize } from '@img-build/dockerfile-parser';
import { UsageError } from '../usage-error.ts';

/** Bytes of `20GB`, `512MiB`, `1.5g` or, with `whole` given, `50%` of it. @throws UsageError */
export function parseDiskSize(text: string, what: string, whole?: number): number {
  const share = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (share !== undefined && whole !== undefined && Number(share) <= 100)
    return Math.floor((whole * Number(share)) / 100);
  const bytes = parseMemorySize(text);
  if (bytes !== null) return bytes;
  throw new UsageError(
    `invalid size ${JSON.stringify(text)} for ${what}`,
    whole === undefined
      ? 'write a size like 512MB or 20GB'
      : 'write a size like 512MB or 20GB, or a share like 50%',
  );
}

/** Milliseconds. */
const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 24 * 3_600_000,
  w: 7 * 24 * 3_600_000,
};

/** Milliseconds of `48h`, `1h30m`, `10d`, `2w`. @throws UsageError */
export function parseAge(text: string, what: string): number {
  if (text === '0') return 0;
  if (/^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/.test(text)) {
    let total = 0;
    for (const [, count, unit = ''] of text.matchAll(/([\d.]+)([a-z]+)/g))
      total += Number(count) * (UNITS[unit] ?? 0);
    return total;
  }
  throw new UsageError(
    `invalid duration ${JSON.stringify(text)} for ${what}`,
    'write a duration like 90m, 48h, 10d or 2w',
  );
}
