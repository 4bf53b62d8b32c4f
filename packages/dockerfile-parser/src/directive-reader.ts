// SPDX-License-Identifier: MIT
import { skipSpace } from './characters.ts';

/** What a line at the top of a file is. */
export type DirectiveLine =
  | { readonly type: 'directive'; readonly name: 'syntax' | 'escape' | 'check'; readonly value: string }
  /** A directive whose name was used before. */
  | { readonly type: 'repeated'; readonly name: string }
  /** Anything else: it ends the directives for good. */
  | { readonly type: 'other' };

/** Reads directives line by line. */
export interface DirectiveReader {
  /** Classifies the next line, given without its line ending. After the first `other` every line is `other`. */
  read(line: string): DirectiveLine;
}

const OTHER: DirectiveLine = { type: 'other' };

/** Creates a reader for lines that start with `marker`. */
export function createDirectiveReader(marker: '#' | '//'): DirectiveReader {
  const seen = new Set<string>();
  let done = false;
  return {
    read(line) {
      if (done) return OTHER;
      const match = line.startsWith(marker) ? matchDirective(line, marker.length) : null;
      if (match === null) {
        done = true;
        return OTHER;
      }
      if (seen.has(match.name)) return { type: 'repeated', name: match.name };
      seen.add(match.name);
      return { type: 'directive', ...match };
    },
  };
}

function matchDirective(line: string, from: number): { name: 'syntax' | 'escape' | 'check'; value: string } | null {
  const start = skipSpace(line, from, line.length);
  const head = /^([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*/.exec(line.slice(start));
  const name = head?.[1]?.toLowerCase();
  if (head === null || (name !== 'syntax' && name !== 'escape' && name !== 'check')) return null;
  const value = line.slice(start + head[0].length).replace(/[\t\n\f\r ]+$/, '');
  return value === '' ? null : { name, value };
}
