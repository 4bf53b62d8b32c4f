// SPDX-License-Identifier: MIT

/** Rows with their cells in columns, `gap` blanks apart; nothing follows the last cell of a row. */
export function textTable(rows: readonly (readonly string[])[], gap: number): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd((widths[column] ?? 0) + gap))
      .join('')
      .trimEnd(),
  );
  return lines.map((line) => `${line}\n`).join('');
}
