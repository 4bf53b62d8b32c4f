// SPDX-License-Identifier: MIT
import type { Comment, Directive, EscapeCharacter } from './ast.ts';
import { skipSpace, trimSpaceEnd } from './characters.ts';
import { createDiagnosticList, type DiagnosticList } from './diagnostic-list.ts';
import { createDirectiveReader, type DirectiveReader } from './directive-reader.ts';
import type { Dockerfile } from './dockerfile.ts';
import type { Instruction } from './instruction.ts';
import { readInstruction } from './instruction-reader.ts';
import { createLineReader, type LineReader, MAX_LINE_BYTES, type PhysicalLine } from './line-reader.ts';
import { addCommentLine, addSpan, type Span } from './logical-line.ts';
import { createSourceText, type SourceText } from './source-text.ts';
import type { SyntaxItem } from './syntax-tree.ts';
import { tokensOf } from './token-builder.ts';

/**
 * Parses a Dockerfile. Never throws: what is wrong is in `diagnostics`, and an
 * instruction that cannot be understood is of kind `invalid` or `unknown`.
 *
 * Takes time linear in the length of `text`.
 */
export function parse(text: string): Dockerfile {
  const source = createSourceText(text);
  const diagnostics = createDiagnosticList();
  const start = text.startsWith('\ufeff') ? 1 : 0;
  const reportLong = (line: PhysicalLine): void => {
    const message = `dockerfile line greater than max allowed size of ${MAX_LINE_BYTES}`;
    diagnostics.add({ code: 'LINE_TOO_LONG', message, context: source.rangeAt(line.start, line.contentEnd) });
  };
  const file: FileState = {
    source,
    diagnostics,
    lines: createLineReader(text, start, reportLong),
    directiveReader: createDirectiveReader('#'),
    escape: '\\',
    items: [],
    directives: [],
    instructions: [],
    comments: [],
    hasStage: false,
  };
  if (start > 0)
    file.items.push({
      kind: 'blank',
      line: 1,
      tokens: [{ kind: 'bom', text: text.slice(0, start), offset: 0 }],
    });
  for (let line = file.lines.next(); line !== null; line = file.lines.next()) readLine(file, line);
  checkStructure(file);
  const { items, escape, directives, instructions } = file;
  return { tree: { items }, escape, directives, instructions, diagnostics: diagnostics.diagnostics };
}

interface FileState {
  readonly source: SourceText;
  readonly diagnostics: DiagnosticList;
  readonly lines: LineReader;
  readonly directiveReader: DirectiveReader;
  escape: EscapeCharacter;
  readonly items: SyntaxItem[];
  readonly directives: Directive[];
  readonly instructions: Instruction[];
  /** Comments since the last instruction. */
  comments: Comment[];
  /** True from the first FROM on. */
  hasStage: boolean;
}

function readLine(file: FileState, line: PhysicalLine): void {
  const { text } = file.source;
  const content =
    file.items.length <= 1 || file.directives.length > 0 ? text.slice(line.textStart, line.contentEnd) : '';
  if (readDirective(file, line, content)) return;
  if (line.textStart === line.contentEnd) readBlankLines(file, line);
  else if (text[line.textStart] === '#') readComment(file, line);
  else {
    const { item, instruction } = readInstruction(file, line, file.comments, file.items.length);
    checkPlace(file, instruction);
    file.items.push(item);
    file.instructions.push(instruction);
    file.comments = [];
  }
}

/** Only ARG may stand above the first FROM; what is not understood has its own diagnostic. */
function checkPlace(file: FileState, { kind, range: context }: Instruction): void {
  file.hasStage ||= kind === 'from' || kind === 'invalid';
  if (file.hasStage || kind === 'arg' || kind === 'unknown') return;
  file.diagnostics.add({
    code: 'INSTRUCTION_BEFORE_FROM',
    phase: 'structure',
    message: 'no build stage in current context',
    context,
  });
}

function readDirective(file: FileState, line: PhysicalLine, content: string): boolean {
  const { source, diagnostics } = file;
  const found = file.directiveReader.read(content);
  if (found.type === 'other') return false;
  const range = source.rangeAt(line.textStart, line.contentEnd);
  if (found.type === 'repeated') {
    diagnostics.add({
      code: 'DIRECTIVE_REPEATED',
      message: `only one ${found.name} parser directive can be used`,
      context: range,
    });
  } else {
    const { name, value } = found;
    const valueEnd = trimSpaceEnd(source.text, line.textStart, line.contentEnd);
    const valueRange = source.rangeAt(valueEnd - value.length, valueEnd);
    file.directives.push({ name, value, range, valueRange });
    if (found.name === 'escape') setEscape(file, found.value, range);
  }
  const spans: Span[] = [];
  addSpan(spans, 'whitespace', line.start, line.textStart);
  addSpan(spans, 'directive', line.textStart, line.contentEnd);
  addSpan(spans, 'newline', line.contentEnd, line.end);
  file.items.push({ kind: 'directive', line: range.start.line, tokens: tokensOf(source.text, spans) });
  return true;
}

function setEscape(file: FileState, value: string, context: Directive['range']): void {
  if (value === '\\' || value === '`') file.escape = value;
  else {
    const message = `invalid escape token '${value}' does not match \` or \\`;
    file.diagnostics.add({ code: 'ESCAPE_DIRECTIVE_INVALID', message, context });
  }
}

/** Takes all blank lines in a row as one item, so that a file of nothing else stays small. */
function readBlankLines(file: FileState, first: PhysicalLine): void {
  let { end } = first;
  for (
    let line = file.lines.peek();
    line !== null && line.textStart === line.contentEnd;
    line = file.lines.peek()
  ) {
    file.lines.next();
    end = line.end;
  }
  const { source, items } = file;
  const { line } = source.positionAt(first.start);
  items.push({
    kind: 'blank',
    line,
    tokens: tokensOf(source.text, [{ kind: 'whitespace', start: first.start, end }]),
  });
}

function readComment(file: FileState, line: PhysicalLine): void {
  const { source, items } = file;
  const spans: Span[] = [];
  addCommentLine(spans, line);
  const range = source.rangeAt(line.textStart, line.contentEnd);
  items.push({ kind: 'comment', line: range.start.line, tokens: tokensOf(source.text, spans) });
  const textStart = skipSpace(source.text, line.textStart + 1, line.contentEnd);
  const text = source.text.slice(textStart, trimSpaceEnd(source.text, textStart, line.contentEnd));
  if (text === '') file.comments = [];
  else file.comments.push({ text, range });
}

function checkStructure({ source, diagnostics, instructions }: FileState): void {
  const whole = source.rangeAt(0, source.text.length);
  if (source.text === '') {
    diagnostics.add({ code: 'FILE_EMPTY', message: 'the Dockerfile cannot be empty', context: whole });
  } else if (instructions.length === 0) {
    diagnostics.add({ code: 'NO_INSTRUCTIONS', message: 'file with no instructions', context: whole });
  } else if (instructions.every(({ kind }) => kind === 'arg')) {
    diagnostics.add({
      code: 'NO_STAGES',
      phase: 'structure',
      message: 'dockerfile contains no stages to build',
      context: whole,
    });
  }
}
