// SPDX-License-Identifier: MIT
import { type LintFinding, type LintOptions, lint, parse } from '../../src/index.ts';

/** A file with the places that a rule reports written between « and ». */
export interface MarkedFile {
  readonly text: string;
  readonly marks: readonly { readonly start: number; readonly end: number }[];
}

/** Takes the marks out of a file. They must not overlap. */
export function unmark(marked: string): MarkedFile {
  const marks: { start: number; end: number }[] = [];
  let text = '';
  for (const [index, piece] of marked.split(/[«»]/).entries()) {
    if (index % 2 === 1) marks.push({ start: text.length, end: text.length + piece.length });
    text += piece;
  }
  return { text, marks };
}

/** What one rule finds in a text, in the order of the places it names. */
export function findingsOf(rule: string, text: string, options: LintOptions = {}): readonly LintFinding[] {
  return lint(parse(text), { experimental: [rule], ...options })
    .findings.filter((finding) => finding.rule === rule)
    .toSorted((a, b) => a.range.start.offset - b.range.start.offset);
}

/** Places of findings, as {@link unmark} gives them. */
export function placesOf(findings: readonly LintFinding[]): MarkedFile['marks'] {
  return findings.map(({ range }) => ({ start: range.start.offset, end: range.end.offset }));
}
