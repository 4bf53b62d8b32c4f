// SPDX-License-Identifier: MIT
import { createDirectiveReader } from './directive-reader.ts';

/** The frontend a file asks for. */
export interface SyntaxReference {
  /** First word of the value: an image reference. */
  readonly reference: string;
  /** The whole value. */
  readonly commandLine: string;
  /** Physical line it stands on; 1 for the JSON form. */
  readonly line: number;
}

/**
 * Finds the frontend reference of a file of any syntax: `# syntax=…`, `// syntax=…`
 * or a JSON object with a `syntax` member; a `#!` first line is skipped.
 *
 * @returns `null` when there is none.
 */
export function detectSyntax(text: string): SyntaxReference | null {
  const start = text.startsWith('\ufeff') ? 1 : 0;
  const newline = text.indexOf('\n', start);
  const shebang = text.startsWith('#!', start);
  const body = shebang ? (newline < 0 ? '' : text.slice(newline + 1)) : text.slice(start);
  const firstLine = shebang ? 2 : 1;
  return (
    findInComments(body, '#', firstLine) ??
    findInComments(body, '//', firstLine) ??
    findInJson(body, firstLine)
  );
}

function findInComments(text: string, marker: '#' | '//', firstLine: number): SyntaxReference | null {
  const reader = createDirectiveReader(marker);
  let line = firstLine;
  for (let start = 0; start < text.length; line++) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const found = reader.read(text.slice(start, end));
    if (found.type !== 'directive') return null;
    if (found.name === 'syntax') return referenceFrom(found.value, line);
    start = end + 1;
  }
  return null;
}

function findInJson(text: string, line: number): SyntaxReference | null {
  if (!/^\s*\{/.test(text)) return null;
  try {
    const parsed = JSON.parse(text) as { readonly syntax?: unknown };
    return typeof parsed.syntax === 'string' ? referenceFrom(parsed.syntax, line) : null;
  } catch {
    return null;
  }
}

function referenceFrom(value: string, line: number): SyntaxReference {
  return { reference: value.split(' ', 1)[0] ?? '', commandLine: value, line };
}
