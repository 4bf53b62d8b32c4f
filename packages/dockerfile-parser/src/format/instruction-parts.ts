// SPDX-License-Identifier: MIT
import type { CommandForm, RunCommand } from '../ast.ts';
import type { HealthcheckInstruction, Instruction } from '../instruction.ts';
import type { SourceRange } from '../source-range.ts';

/**
 * A stretch of an instruction that is kept as it is; what stands between two of them is layout.
 *
 * `text` replaces a part that stands on one line; `keyword` parts take the wanted case.
 */
export interface Part {
  readonly range: SourceRange;
  readonly keyword?: boolean;
  readonly text?: string;
}

/** The parts behind keyword and flags in the order of the file; `null` for an instruction that is better left alone. */
export function argumentParts(
  instruction: Instruction,
  text: string,
  whole: SourceRange | null,
): readonly Part[] | null {
  switch (instruction.kind) {
    case 'invalid':
    case 'unknown':
      return null;
    case 'from':
      return [
        { range: instruction.base.range },
        ...(instruction.as === null ? [] : [{ range: instruction.as.range, keyword: true }]),
        ...partsOf(instruction.alias === null ? [] : [instruction.alias]),
      ];
    case 'arg':
      return partsOf(instruction.declarations);
    case 'env':
    case 'label':
      return instruction.legacy
        ? instruction.pairs.flatMap(({ key, value }) => partsOf([key, value]))
        : partsOf(instruction.pairs);
    case 'expose':
      return partsOf(instruction.ports);
    case 'volume':
      return wordParts(instruction.paths, text, whole);
    case 'copy':
    case 'add':
      return wordParts([...instruction.sources, instruction.destination], text, whole);
    case 'run':
    case 'cmd':
    case 'entrypoint':
      return [commandPart(instruction.command, text)];
    case 'shell':
      return wordParts(instruction.args, text, whole);
    case 'healthcheck':
      return healthcheckParts(instruction, text, whole);
    default:
      return whole === null ? [] : [{ range: whole }];
  }
}

function partsOf(nodes: readonly { readonly range: SourceRange }[]): Part[] {
  return nodes.map(({ range }) => ({ range }));
}

/** Plain words one by one, or a JSON array as a whole. */
function wordParts(
  words: readonly { readonly range: SourceRange }[],
  text: string,
  whole: SourceRange | null,
): Part[] {
  if (whole === null || words[0]?.range.start.offset === whole.start.offset) return partsOf(words);
  return [jsonPart(words, text, whole)];
}

function commandPart(command: CommandForm | RunCommand, text: string): Part {
  return command.form === 'exec' ? jsonPart(command.args, text, command.range) : { range: command.range };
}

function jsonPart(words: readonly { readonly range: SourceRange }[], text: string, range: SourceRange): Part {
  if (range.start.line !== range.end.line) return { range };
  const strings = words.map(({ range: { start, end } }) => text.slice(start.offset, end.offset));
  return { range, text: `[${strings.join(', ')}]` };
}

function healthcheckParts(
  { command }: HealthcheckInstruction,
  text: string,
  whole: SourceRange | null,
): readonly Part[] | null {
  if (whole === null) return null;
  const type = /^[a-z]+/i.exec(text.slice(whole.start.offset, whole.end.offset))?.[0] ?? '';
  if (!/^(?:CMD|NONE)$/i.test(type)) return null;
  const { offset, line, column } = whole.start;
  const end = { offset: offset + type.length, line, column: column + type.length };
  const keyword: Part = { range: { start: whole.start, end }, keyword: true };
  return command === null ? [keyword] : [keyword, commandPart(command, text)];
}
