// SPDX-License-Identifier: MIT
import type { Directive } from '../ast.ts';
import { quote, trimSpace } from '../characters.ts';
import type { FromInstruction } from '../instruction.ts';
import type { SourceRange } from '../source-range.ts';
import { type EditContext, editAt, invalidText, type Outcome, ownerOf, tryEdits } from './edit-context.ts';
import { writeCsvField, writeFlagValue } from './flag-text.ts';
import type { TextEdit } from './text-edit.ts';

/** Anything with a value and a place: a word, a flag, a mount option, a directive, a source of COPY, an image reference. */
export interface ValueInText {
  readonly value: string | null;
  readonly range: SourceRange;
  /** Where the value alone stands, when `range` has more than it. */
  readonly valueRange?: SourceRange | null;
}

/** Gives a word another value, quoted the way its place asks for. */
export function setWord(context: EditContext, word: ValueInText, value: string): readonly TextEdit[] {
  const range = word.valueRange ?? word.range;
  const directive = context.dockerfile.directives.find(({ valueRange }) => contains(valueRange, range));
  if (directive !== undefined) return setInDirective(context, directive, range, value);
  const owner = ownerOf(context, range);
  const spellings = [
    value,
    writeFlagValue(value),
    JSON.stringify(value),
    writeFlagValue(writeCsvField(value)),
  ];
  for (const newText of new Set(spellings)) {
    const edits = [{ range, newText }];
    const outcome = tryEdits(context, owner, edits);
    if (outcome !== null && changesOnly(outcome, value, range, owner.range.start.offset)) return edits;
  }
  throw invalidText(`cannot write ${quote(value)} as a word at line ${range.start.line}`);
}

function setInDirective(
  { source }: EditContext,
  { name, valueRange }: Directive,
  range: SourceRange,
  newText: string,
): readonly TextEdit[] {
  const before = source.text.slice(valueRange.start.offset, range.start.offset);
  const after = source.text.slice(range.end.offset, valueRange.end.offset);
  checkDirectiveValue(name, before + newText + after);
  return [{ range, newText }];
}

/** @throws DockerfileError `EDIT_TEXT_INVALID` when the directive cannot have the value. */
export function checkDirectiveValue(name: Directive['name'], value: string): void {
  // Another escape character would change the meaning of every line.
  if (value === '' || trimSpace(value) !== value || /[\r\n]/.test(value) || name === 'escape')
    throw invalidText(`cannot write ${quote(value)} as value of the ${name} directive`);
}

/** Names a stage, names it otherwise, or takes its name away. */
export function setStageName(
  context: EditContext,
  from: FromInstruction,
  name: string | null,
): readonly TextEdit[] {
  const { base, alias } = from;
  if (alias !== null && name !== null) return setWord(context, alias, name);
  const baseEnd = base.range.end.offset;
  const end = alias?.range.end.offset ?? baseEnd;
  const keyword = from.keyword === from.keyword.toLowerCase() ? 'as' : 'AS';
  const edits = [editAt(context, baseEnd, end, name === null ? '' : ` ${keyword} ${name}`)];
  const after = tryEdits(context, ownerOf(context, from.range), edits)?.after;
  if (after?.kind === 'from' && (after.alias?.value ?? null) === name && after.base.value === base.value)
    return alias === null && name === null ? [] : edits;
  throw invalidText(`cannot name a stage ${quote(name ?? '')}`);
}

/** Whether the word has the new value and everything that stands elsewhere is as it was. */
function changesOnly({ before, after }: Outcome, value: string, range: SourceRange, origin: number): boolean {
  // The fragment has a line of its own in front, so its own start tells by how much all has moved.
  const by = before.range.start.offset - origin;
  const start = range.start.offset + by;
  const end = range.end.offset + by;
  let found = false;
  const compare = (left: unknown, right: unknown): boolean => {
    if (left === null || right === null) return left === right;
    if (typeof left !== 'object' || typeof right !== 'object') return typeof left === typeof right;
    if (Array.isArray(left) !== Array.isArray(right)) return false;
    const node = left as NodeLike;
    const other = right as NodeLike;
    if (!touches(node, start, end)) return JSON.stringify(meaning(left)) === JSON.stringify(meaning(right));
    if (typeof node.value === 'string' && isExactly(node, start, end)) {
      if (other.value !== value) return false;
      found = true;
    }
    const keys = Object.keys(left);
    if (keys.length !== Object.keys(right).length) return false;
    return keys.every((key) =>
      SELECTORS.has(key) && typeof node[key] === 'string'
        ? node[key] === other[key]
        : POSITIONS.has(key) || compare(node[key], other[key]),
    );
  };
  return compare(before, after) && found;
}

interface NodeLike {
  readonly [key: string]: unknown;
  readonly value?: unknown;
  readonly range?: SourceRange;
  readonly valueRange?: SourceRange | null;
}

/** What tells one kind of node from another. */
const SELECTORS: ReadonlySet<string> = new Set(['kind', 'form', 'type', 'key']);
const POSITIONS: ReadonlySet<string> = new Set([
  'range',
  'keywordRange',
  'valueRange',
  'bodyRange',
  'original',
]);

function meaning(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, each: unknown) => (POSITIONS.has(key) ? undefined : each)));
}

function touches({ range }: NodeLike, start: number, end: number): boolean {
  return range === undefined || (range.start.offset <= end && start <= range.end.offset);
}

function isExactly({ range, valueRange }: NodeLike, start: number, end: number): boolean {
  return [range, valueRange].some((place) => place?.start.offset === start && place.end.offset === end);
}

function contains(outer: SourceRange, inner: SourceRange): boolean {
  return outer.start.offset <= inner.start.offset && inner.end.offset <= outer.end.offset;
}
