// SPDX-License-Identifier: MIT
import type { InstructionHead } from './instruction-head.ts';
import type { LogicalLine, Span } from './logical-line.ts';
import type { Token, TokenKind } from './syntax-tree.ts';

/** A part of the logical line. */
interface Part {
  readonly kind: TokenKind;
  readonly end: number;
}

/** Turns spans into tokens; none of them may be of kind `text`. */
export function tokensOf(text: string, spans: readonly Span[]): Token[] {
  return spans.map(({ kind, start, end }) => ({
    kind: kind as TokenKind,
    text: text.slice(start, end),
    offset: start,
  }));
}

/** Turns the spans of an instruction into tokens, telling keyword, flags and arguments apart. */
export function instructionTokens(text: string, line: LogicalLine, head: InstructionHead): Token[] {
  const parts = partsOf(line, head);
  const tokens: Token[] = [];
  let partIndex = 0;
  let logical = 0;
  for (const span of line.spans) {
    if (span.kind !== 'text') {
      tokens.push({ kind: span.kind, text: text.slice(span.start, span.end), offset: span.start });
      continue;
    }
    const shift = span.start - logical;
    const logicalEnd = span.end - shift;
    while (logical < logicalEnd) {
      let part = parts[partIndex] as Part;
      while (part.end <= logical) part = parts[++partIndex] as Part;
      const end = Math.min(part.end, logicalEnd);
      tokens.push({
        kind: part.kind,
        text: text.slice(logical + shift, end + shift),
        offset: logical + shift,
      });
      logical = end;
    }
  }
  return tokens;
}

function partsOf(line: LogicalLine, head: InstructionHead): Part[] {
  const parts: Part[] = [
    { kind: 'whitespace', end: head.keywordStart },
    { kind: 'keyword', end: head.keywordEnd },
  ];
  const words = head.separator === null ? head.flags : [...head.flags, head.separator];
  for (const word of words)
    parts.push({ kind: 'whitespace', end: word.start }, { kind: 'flag', end: word.end });
  parts.push({ kind: 'whitespace', end: head.argumentsStart });
  parts.push({ kind: 'arguments', end: head.argumentsEnd });
  parts.push({ kind: 'whitespace', end: line.text.length });
  return parts;
}
