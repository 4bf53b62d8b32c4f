// SPDX-License-Identifier: MIT

/** The fields of a comma-separated line with the offset at which each ends (the next begins one later), or why it is none. */
export type CsvFields =
  | { readonly fields: readonly string[]; readonly ends: readonly number[] }
  | { readonly problem: string };

/** Reads one line of RFC 4180 values; a quote may only open a field, and is doubled inside one. */
export function readCsvFields(text: string): CsvFields {
  if (text === '') return { problem: 'EOF' };
  const fields: string[] = [];
  const ends: number[] = [];
  let at = 0;
  while (true) {
    if (text[at] === '"') {
      const quoted = readQuotedField(text, at);
      if (quoted === null)
        return {
          problem: `parse error on line 1, column ${text.length + 1}: extraneous or missing " in quoted-field`,
        };
      fields.push(quoted.value);
      at = quoted.end;
    } else {
      const comma = text.indexOf(',', at);
      const field = text.slice(at, comma < 0 ? text.length : comma);
      const stray = field.indexOf('"');
      if (stray >= 0)
        return { problem: `parse error on line 1, column ${at + stray + 1}: bare " in non-quoted field` };
      fields.push(field);
      at += field.length;
    }
    ends.push(at);
    if (at >= text.length) return { fields, ends };
    at++;
  }
}

function readQuotedField(text: string, open: number): { value: string; end: number } | null {
  let value = '';
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] !== '"') value += text[at];
    else if (text[at + 1] === '"') value += text[at++];
    else return at + 1 === text.length || text[at + 1] === ',' ? { value, end: at + 1 } : null;
  }
  return null;
}
