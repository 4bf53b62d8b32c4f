// SPDX-License-Identifier: MIT
import type { MountOption, Word } from '../ast.ts';
import type { AddInstruction, CopyInstruction, Instruction } from '../instruction.ts';
import type { SourceRange } from '../source-range.ts';

/** A word of an instruction in which variables are expanded. */
export interface ExpandableWord {
  readonly written: string;
  readonly range: SourceRange;
  /** `body`: a heredoc, where quotes mean nothing. */
  readonly kind: 'word' | 'body';
}

/**
 * The words of an instruction in which BuildKit expands variables, in the order of the text as far as flags allow.
 * ARG is left to its caller: its defaults see one another. Commands are left to the shell, ONBUILD to who executes it.
 */
export function expandableWords(instruction: Instruction): readonly ExpandableWord[] {
  switch (instruction.kind) {
    case 'from':
      return plain([instruction.platform, instruction.base]);
    case 'env':
    case 'label':
      return plain(instruction.pairs.flatMap(({ key, value }) => [key, value]));
    case 'copy':
    case 'add':
      return transferWords(instruction);
    case 'expose':
      return plain(instruction.ports);
    case 'volume':
      return plain(instruction.paths);
    case 'user':
      return plain([instruction.user]);
    case 'workdir':
      return plain([instruction.path]);
    case 'stopsignal':
      return plain([instruction.signal]);
    case 'run':
      return plain(instruction.mounts.flatMap(({ options }) => options.flatMap(mountValue)));
    default:
      return [];
  }
}

function transferWords(instruction: AddInstruction | CopyInstruction): readonly ExpandableWord[] {
  const checksum = instruction.kind === 'add' ? instruction.checksum : null;
  return [
    ...plain([instruction.chown, instruction.chmod, checksum]),
    ...instruction.sources.flatMap((source): readonly ExpandableWord[] => {
      if (source.type === 'path') return plain([source]);
      return source.expand ? [{ written: source.content, range: source.range, kind: 'body' }] : [];
    }),
    ...plain([instruction.destination]),
  ];
}

/** The value of a mount option, `from` excepted. */
function mountValue({ key, value, field, range: { start, end } }: MountOption): readonly Word[] {
  if (key === 'from' || value === null) return [];
  // A field that is written over several lines or in quotes is not cut further.
  const plainly = start.line === end.line && end.offset - start.offset === field.length;
  const by = plainly ? field.length - value.length : 0;
  const from = { offset: start.offset + by, line: start.line, column: start.column + by };
  return [{ value, range: { start: from, end } }];
}

function plain(words: readonly (Word | null)[]): readonly ExpandableWord[] {
  return words.flatMap((word) =>
    word === null ? [] : [{ written: word.value, range: word.range, kind: 'word' as const }],
  );
}
