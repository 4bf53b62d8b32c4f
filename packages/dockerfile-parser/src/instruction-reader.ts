// SPDX-License-Identifier: MIT
import type { Comment, EscapeCharacter, Flag, Heredoc } from './ast.ts';
import type { DiagnosticList } from './diagnostic-list.ts';
import { findHeredocs, type HeredocWord } from './heredoc-scanner.ts';
import type { Instruction, InstructionBase } from './instruction.ts';
import { type FlagWord, type InstructionHead, splitInstruction } from './instruction-head.ts';
import type { Finding, InstructionSource, LocatedHeredoc } from './instruction-source.ts';
import { HEREDOC_INSTRUCTIONS, INSTRUCTION_PARSERS } from './instruction-table.ts';
import type { LineReader, PhysicalLine } from './line-reader.ts';
import { addSpan, type LogicalLine, readLogicalLine, type Span } from './logical-line.ts';
import type { SourceRange } from './source-range.ts';
import type { SourceText } from './source-text.ts';
import { suggest, withSuggestion } from './suggestion.ts';
import type { SyntaxItem, Token } from './syntax-tree.ts';
import { instructionTokens, tokensOf } from './token-builder.ts';

/** What reading an instruction needs to know about the file. */
export interface InstructionContext {
  readonly source: SourceText;
  readonly lines: LineReader;
  readonly escape: EscapeCharacter;
  readonly diagnostics: DiagnosticList;
}

/** An instruction as text and as meaning. */
export interface ReadInstruction {
  readonly item: SyntaxItem;
  readonly instruction: Instruction;
}

/** Most instructions have no flags, heredocs and comments; they share this one. */
const NO_ITEMS: readonly never[] = Object.freeze([]);

/** Reads the instruction that starts on `first`, with its continued lines and heredocs. */
export function readInstruction(
  context: InstructionContext,
  first: PhysicalLine,
  comments: readonly Comment[],
  item: number,
): ReadInstruction {
  const { source, lines, escape } = context;
  const line = readLogicalLine(source.text, first, lines, escape);
  const head = splitInstruction(line.text, 0);
  const scan = canHoldHeredocs(line.text, head)
    ? findHeredocs(line.text, head.argumentsStart, head.argumentsEnd)
    : { heredocs: [], problem: null };
  const bodies = scan.heredocs.map((word) => readBody(source.text, word, lines));
  const lastLine = bodies.findLast((body) => body.lastLine !== null)?.lastLine ?? line.lastLine;
  const range = source.rangeAt(first.textStart, lastLine.contentEnd);
  const heredocs = scan.heredocs.map((word, index) =>
    locate(context, line, word, bodies[index] as HeredocBody),
  );

  reportEmptyContinuation(context, line, range);
  const base: InstructionBase = {
    keyword: line.text.slice(head.keywordStart, head.keywordEnd),
    keywordRange: rangeIn(source, line, head.keywordStart, head.keywordEnd),
    original: line.text.slice(head.keywordStart, head.argumentsEnd),
    range,
    flags: head.flags.length === 0 ? NO_ITEMS : head.flags.map((flag) => flagFrom(flag, source, line)),
    heredocs: heredocs.length === 0 ? NO_ITEMS : heredocs.map(({ heredoc }) => heredoc),
    comments: comments.length === 0 ? NO_ITEMS : comments,
    item,
  };
  const instruction = parseHead({ context, line, heredocs, nested: false }, head, base);
  if (scan.problem !== null) {
    const { message, start, end } = scan.problem;
    context.diagnostics.add({
      code: 'HEREDOC_INVALID',
      message,
      range: rangeIn(source, line, start, end),
      context: range,
    });
  }
  if (bodies.some((body) => !body.terminated)) {
    context.diagnostics.add({
      code: 'HEREDOC_UNTERMINATED',
      message: 'unterminated heredoc',
      context: range,
    });
  }
  const tokens: Token[] = instructionTokens(source.text, line, head);
  for (const body of bodies) tokens.push(...tokensOf(source.text, body.spans));
  // A copy has no spare room, of which an array that grew has a lot.
  return {
    item: { kind: 'instruction', line: source.positionAt(first.start).line, tokens: tokens.slice() },
    instruction,
  };
}

function reportEmptyContinuation(
  { source, diagnostics }: InstructionContext,
  line: LogicalLine,
  context: SourceRange,
): void {
  if (line.emptyContinuation === null) return;
  const { start, contentEnd } = line.emptyContinuation;
  const range = source.rangeAt(start, contentEnd);
  diagnostics.add({
    code: 'EMPTY_CONTINUATION',
    severity: 'warning',
    message: 'Empty continuation line',
    range,
    context,
  });
}

/** Whether the arguments may hold heredocs: not in JSON form, and for ONBUILD its trigger decides. */
function canHoldHeredocs(text: string, head: InstructionHead): boolean {
  const name = text.slice(head.keywordStart, head.keywordEnd).toLowerCase();
  if (name === 'onbuild') {
    const trigger = splitInstruction(text, head.argumentsStart);
    return (
      text.slice(trigger.keywordStart, trigger.keywordEnd).toLowerCase() !== 'onbuild' &&
      canHoldHeredocs(text, trigger)
    );
  }
  return HEREDOC_INSTRUCTIONS.has(name) && !isJsonArray(text.slice(head.argumentsStart, head.argumentsEnd));
}

function isJsonArray(text: string): boolean {
  if (!text.startsWith('[') || !text.endsWith(']')) return false;
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}

interface HeredocBody {
  readonly start: number;
  readonly end: number;
  readonly terminated: boolean;
  /** `null` when the file ended before the body began. */
  readonly lastLine: PhysicalLine | null;
  readonly spans: readonly Span[];
}

function readBody(text: string, word: HeredocWord, lines: LineReader): HeredocBody {
  const spans: Span[] = [];
  const start = lines.peek()?.start ?? text.length;
  let end = start;
  let lastLine: PhysicalLine | null = null;
  for (let line = lines.next(); line !== null; line = lines.next()) {
    lastLine = line;
    let nameStart = line.start;
    while (word.chomp && text[nameStart] === '\t') nameStart++;
    if (line.contentEnd - nameStart === word.name.length && text.startsWith(word.name, nameStart)) {
      addSpan(spans, 'heredoc-body', start, line.start);
      addSpan(spans, 'heredoc-end', line.start, line.contentEnd);
      addSpan(spans, 'newline', line.contentEnd, line.end);
      return { start, end: line.start, terminated: true, lastLine, spans };
    }
    end = line.end;
  }
  addSpan(spans, 'heredoc-body', start, end);
  return { start, end, terminated: false, lastLine, spans };
}

function locate(
  { source }: InstructionContext,
  line: LogicalLine,
  word: HeredocWord,
  body: HeredocBody,
): LocatedHeredoc {
  const heredoc: Heredoc = {
    name: word.name,
    fileDescriptor: word.fileDescriptor,
    expand: word.expand,
    chomp: word.chomp,
    body: source.text.slice(body.start, body.end),
    bodyRange: source.rangeAt(body.start, body.end),
    range: rangeIn(source, line, word.start, word.end),
  };
  return { heredoc, start: word.start, end: word.end };
}

function rangeIn(source: SourceText, line: LogicalLine, start: number, end: number): SourceRange {
  const sourceStart = line.toSource(start);
  // The end belongs to the last character and not to what follows, which may stand on another line.
  return source.rangeAt(sourceStart, end > start ? line.toSource(end - 1) + 1 : sourceStart);
}

function flagFrom(word: FlagWord, source: SourceText, line: LogicalLine): Flag {
  const range = rangeIn(source, line, word.start, word.end);
  const cut = word.value.indexOf('=');
  if (cut < 0) return { name: word.value.slice(2), value: null, range, valueRange: null };
  const valueStart = (word.positions?.[cut] ?? word.start + cut) + 1;
  return {
    name: word.value.slice(2, cut),
    value: word.value.slice(cut + 1),
    range,
    valueRange: rangeIn(source, line, valueStart, word.end),
  };
}

interface Surroundings {
  readonly context: InstructionContext;
  readonly line: LogicalLine;
  readonly heredocs: readonly LocatedHeredoc[];
  /** True for a trigger of ONBUILD: what is wrong with its arguments matters only to who runs it. */
  readonly nested: boolean;
}

function parseHead(surroundings: Surroundings, head: InstructionHead, base: InstructionBase): Instruction {
  const { context, line, heredocs, nested } = surroundings;
  const { source, escape, diagnostics } = context;
  const name = base.keyword.toLowerCase();
  const report = ({ phase = 'instruction', ...finding }: Finding): void => {
    const severity = nested && phase === 'instruction' ? 'warning' : 'error';
    diagnostics.add({ ...finding, phase, severity, context: base.range });
  };
  const instructionSource: InstructionSource = {
    base,
    name,
    escape,
    text: line.text,
    ...head,
    heredocs,
    wordAt: (start, end) => ({
      value: line.text.slice(start, end),
      range: rangeIn(source, line, start, end),
    }),
    rangeAt: (start, end) => rangeIn(source, line, start, end),
    report,
    parseNested: (start) => parseTrigger(surroundings, start, base),
  };
  const parser = INSTRUCTION_PARSERS.get(name);
  if (parser === undefined && !diagnostics.isFull()) reportUnknown(instructionSource, head);
  const parsed = parser?.(instructionSource) ?? null;
  if (parsed !== null) return parsed;
  const argumentText = line.text.slice(head.argumentsStart, head.argumentsEnd);
  if (parser === undefined) return { ...base, kind: 'unknown', arguments: argumentText };
  return { ...base, kind: 'invalid', instruction: name, arguments: argumentText };
}

function parseTrigger(surroundings: Surroundings, start: number, outer: InstructionBase): Instruction {
  const { context, line } = surroundings;
  const head = splitInstruction(line.text, start);
  const base: InstructionBase = {
    keyword: line.text.slice(head.keywordStart, head.keywordEnd),
    keywordRange: rangeIn(context.source, line, head.keywordStart, head.keywordEnd),
    original: line.text.slice(head.keywordStart, head.argumentsEnd),
    range: { start: context.source.positionAt(line.toSource(head.keywordStart)), end: outer.range.end },
    flags: head.flags.map((flag) => flagFrom(flag, context.source, line)),
    heredocs: outer.heredocs,
    comments: [],
    item: outer.item,
  };
  return parseHead({ ...surroundings, nested: true }, head, base);
}

function reportUnknown(source: InstructionSource, head: InstructionHead): void {
  const suggestion = suggest(source.base.keyword, INSTRUCTION_PARSERS.keys(), { caseSensitive: false });
  const message = withSuggestion(`unknown instruction: ${source.base.keyword}`, suggestion);
  source.report({
    code: 'INSTRUCTION_UNKNOWN',
    message,
    suggestion,
    range: source.rangeAt(head.keywordStart, head.keywordEnd),
  });
}
