// SPDX-License-Identifier: MIT
import type { CorpusFile } from './corpus.ts';
import { ours, type ReadInstruction, theirs } from './readers.ts';

/** A file that the two parsers read differently, or one of them not at all. */
export interface Difference {
  readonly file: string;
  readonly kind: 'crash' | 'count' | 'keyword' | 'lines' | 'details';
  /** The first place where they part. */
  readonly detail: string;
}

/** Compares what both parsers make of every file. */
export function findDifferences(files: readonly CorpusFile[]): readonly Difference[] {
  return files.flatMap(({ name: file, text }): Difference[] => {
    try {
      const difference = compare(ours.read(text), theirs.read(text));
      return difference === null ? [] : [{ file, ...difference }];
    } catch (error) {
      return [{ file, kind: 'crash', detail: error instanceof Error ? error.message : String(error) }];
    }
  });
}

function compare(
  left: readonly ReadInstruction[],
  right: readonly ReadInstruction[],
): Omit<Difference, 'file'> | null {
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const one = left[index];
    const two = right[index];
    const detail = `ours ${describe(one)}, theirs ${describe(two)}`;
    if (one?.keyword !== two?.keyword || one?.firstLine !== two?.firstLine) {
      return { kind: left.length === right.length ? 'keyword' : 'count', detail };
    }
    if (one?.lastLine !== two?.lastLine) return { kind: 'lines', detail };
    const [mine, other] = [JSON.stringify(one?.details), JSON.stringify(two?.details)];
    if (mine !== other) return { kind: 'details', detail: `${detail}: ours ${mine}, theirs ${other}` };
  }
  return null;
}

function describe(instruction: ReadInstruction | undefined): string {
  if (instruction === undefined) return 'nothing';
  return `${instruction.keyword} in lines ${instruction.firstLine}-${instruction.lastLine}`;
}
