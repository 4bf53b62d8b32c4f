// SPDX-License-Identifier: MIT
import type { SourceRange } from '@img-build/interfaces';

/** A place as BuildKit's answers write it: lines of the file that comes along. */
export interface SourceLocation {
  readonly ranges: readonly {
    readonly start: { readonly line: number };
    readonly end: { readonly line: number };
  }[];
}

/** A range of lines as BuildKit writes it. */
export function sourceLocation({ startLine, endLine }: SourceRange): SourceLocation {
  return { ranges: [{ start: { line: startLine }, end: { line: endLine } }] };
}

/** A file's text as BuildKit's answers carry it. */
export function encodedSource(text: string): string {
  return Buffer.from(text).toString('base64');
}
