// SPDX-License-Identifier: MIT
import type { EscapeCharacter } from '../ast.ts';
import { DockerfileError } from '../dockerfile-error.ts';
import { type Expansion, expandWord } from '../expand.ts';
import type { SourceRange } from '../source-range.ts';
import type { ExpandableWord } from './expandable-words.ts';
import type { ResolvedWord } from './stage-graph.ts';
import type { VariableScope } from './variable-scope.ts';

/** What expanding words of one instruction needs. */
export interface ExpansionPlace {
  readonly scope: VariableScope;
  readonly escape: EscapeCharacter;
  /** Replaces the words' own ranges: triggers come from another text. */
  readonly rangeInstead?: SourceRange | undefined;
  /** Told when a word cannot be expanded, in BuildKit's words. */
  onProblem(message: string, range: SourceRange): void;
}

/** Expands a word with the variables in force. */
export function resolveWord(word: ExpandableWord, place: ExpansionPlace): ResolvedWord {
  const { written, kind } = word;
  const range = place.rangeInstead ?? word.range;
  try {
    const { value, words, matched, unmatched } = expandAs(kind, written, place);
    const undeclared = unmatched.filter((name) => !place.scope.isDeclared(name));
    return {
      written,
      value,
      words: kind === 'body' ? [value] : words,
      used: matched,
      unset: unmatched,
      undeclared,
      range,
    };
  } catch (error) {
    if (!(error instanceof DockerfileError)) throw error;
    place.onProblem(error.message, range);
    return { written, value: null, words: [], used: [], unset: [], undeclared: [], range };
  }
}

function expandAs(
  kind: ExpandableWord['kind'],
  written: string,
  { scope, escape }: ExpansionPlace,
): Expansion {
  return kind === 'body'
    ? expandWord(written, scope, { ignoreQuotes: true })
    : expandWord(written, scope, { escape });
}
