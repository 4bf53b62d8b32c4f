// SPDX-License-Identifier: MIT

const TAB = 8;

/**
 * Lays rows out in columns that start at multiples of eight, at least `gap` blanks apart; the last column is as long
 * as it is. Ends with a line break.
 */
export function formatTable(
  rows: readonly (readonly string[])[],
  { gap = 1, minimum = 0 }: { readonly gap?: number; readonly minimum?: number } = {},
): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) => {
    const longest = Math.max(minimum, ...rows.map((row) => row[column]?.length ?? 0));
    return Math.ceil((longest + gap) / TAB) * TAB;
  });
  return rows
    .map((row) => {
      const cells = row.map((cell, column) =>
        column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0),
      );
      return `${cells.join('')}\n`;
    })
    .join('');
}
