// SPDX-License-Identifier: MIT
import type { EscapeCharacter } from './ast.ts';
import type { Dockerfile } from './dockerfile.ts';
import { parse } from './parse.ts';

/** Parses a part of a file that stands below the directives; positions are in the result's own text. */
export function parseFragment(text: string, escape: EscapeCharacter): Dockerfile {
  return parse(`${fragmentPrefix(escape)}${text}`);
}

/** A first line that sets the escape character, or else ends the directives. */
export function fragmentPrefix(escape: EscapeCharacter): string {
  return escape === '`' ? '# escape=`\n#\n' : '#\n';
}
