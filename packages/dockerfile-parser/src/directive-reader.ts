// SPDX-License-Identifier: MIT
import { skipSpace, trimSpaceEnd } from './characters.ts';

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

function matchDirective(
  line: string,
  markerLength: number,
): { name: 'syntax' | 'escape' | 'check'; value: string } | null {
  const start = skipSpace(line, markerLength, line.length);
  const head = /^([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*/.exec(line.slice(start));
  const name = head?.[1]?.toLowerCase();
  if (head === null || (name !== 'syntax' && name !== 'escape' && name !== 'check')) return null;
  const from = start + head[0].length;
  const value = line.slice(from, trimSpaceEnd(line, from, line.length));
  return value === '' ? null : { name, value };
}
