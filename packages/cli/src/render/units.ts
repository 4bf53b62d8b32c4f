// SPDX-License-Identifier: MIT

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const DECIMAL = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `1.534KiB`: four significant digits, powers of 1024. */
export function formatBinarySize(bytes: number): string {
  return scale(bytes, 1024, BINARY, (value) => trimmed(value.toPrecision(4)));
}

/** `113.26MB`: two decimals, powers of 1000, as progress shows transfers. */
export function formatTransferSize(bytes: number): string {
  return scale(bytes, 1000, DECIMAL, (value) => value.toFixed(2));
}

/** What was transferred, after a blank: ` 1.15kB / 2.07MB`, ` 1.15kB` when the end is not known, nothing before the first byte. */
export function formatTransferred({
  current,
  total,
}: {
  readonly current: number;
  readonly total?: number | undefined;
}): string {
  if (total !== undefined) return ` ${formatTransferSize(current)} / ${formatTransferSize(total)}`;
  return current > 0 ? ` ${formatTransferSize(current)}` : '';
}

function scale(
  bytes: number,
  base: number,
  units: readonly string[],
  format: (value: number) => string,
): string {
  let value = bytes;
  let unit = 0;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  return `${unit === 0 ? String(bytes) : format(value)}${units[unit]}`;
}

function trimmed(number: string): string {
  return number.includes('.') ? number.replace(/\.?0+$/, '') : number;
}

/** `44.7s`, as progress shows it. */
export function formatSeconds(milliseconds: number): string {
  return `${(Math.max(0, milliseconds) / 1000).toFixed(1)}s`;
}

const STEPS: readonly (readonly [limit: number, unit: number, name: string])[] = [
  [60, 1, 'second'],
  [60 * 60, 60, 'minute'],
  [48 * 3600, 3600, 'hour'],
  [14 * 86_400, 86_400, 'day'],
  [60 * 86_400, 7 * 86_400, 'week'],
  [730 * 86_400, 30 * 86_400, 'month'],
  [Number.POSITIVE_INFINITY, 365 * 86_400, 'year'],
];

/** `9 seconds ago`, `About a minute ago`, as docker words ages. */
export function formatAge(from: number, now: number): string {
  const seconds = Math.max(0, Math.floor((now - from) / 1000));
  if (seconds < 1) return 'Less than a second ago';
  if (seconds >= 60 && seconds < 120) return 'About a minute ago';
  if (seconds >= 3600 && seconds < 7200) return 'About an hour ago';
  const [, unit, name] = STEPS.find(([limit]) => seconds < limit) ?? [0, 1, 'second'];
  const count = Math.floor(seconds / unit);
  return `${count} ${name}${count === 1 ? '' : 's'} ago`;
}
