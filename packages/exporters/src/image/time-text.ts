// SPDX-License-Identifier: MIT

/** RFC 3339 without zeros at the end of the fraction, as Go writes it. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.?0+Z$/, 'Z');
}
