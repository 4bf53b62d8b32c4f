// SPDX-License-Identifier: MIT
import { quote } from '../characters.ts';
import type { FromInstruction } from '../instruction.ts';
import type { Stage } from '../stages.ts';
import { suggest, withSuggestion } from '../suggestion.ts';
import { PLATFORM_VARIABLES } from './global-variables.ts';
import { findContext } from './named-contexts.ts';
import { splitPlatform } from './platform-text.ts';
import { addProblem, type FileDraft, isFull, type StageDraft } from './stage-draft.ts';
import type { FileOrigin, ResolvedStep, ResolvedWord } from './stage-graph.ts';
import { VariableScope } from './variable-scope.ts';
import { resolveWord } from './word-expansion.ts';

/** Reads the FROM of a stage. Its own name is not known yet: `FROM x AS x` means the image or an earlier stage. */
export function draftStage(file: FileDraft, list: Stage): StageDraft {
  const index = file.stages.length;
  const { from } = list;
  const words = expandFrom(file, from, index);
  const platform = platformOf(file, from, words.platform, index);
  const own = from.name === null ? null : findContext(file.contexts, from.name, platform ?? file.platform);
  const base: FileOrigin =
    own === null ? baseOf(file, { from, word: words.base, platform, index }) : { type: 'context', name: own };
  const below = base.type === 'stage' ? (file.stages[base.stage] ?? null) : null;
  const image =
    base.type === 'image' || base.type === 'context'
      ? (file.options.baseImage?.({ stage: index, name: base.name, platform }) ?? null)
      : null;
  const step: ResolvedStep = {
    instruction: from,
    onbuild: false,
    range: from.range,
    words: words.platform === null ? [words.base] : [words.platform, words.base],
  };
  return {
    index,
    list,
    from: step,
    base,
    platform,
    image,
    replaced: own !== null,
    steps: [],
    dependencies: [
      {
        via: 'from',
        name: words.base.value ?? words.base.written,
        origin: base,
        range: from.base.range,
        context: from.range,
      },
    ],
    scope: new VariableScope(below?.scope ?? null),
    environmentKnown: below?.environmentKnown ?? (base.type === 'scratch' || image?.env !== undefined),
  };
}

interface FromWords {
  readonly platform: ResolvedWord | null;
  readonly base: ResolvedWord;
}

function expandFrom(file: FileDraft, from: FromInstruction, stage: number): FromWords {
  const expand = (word: FromInstruction['base']): ResolvedWord =>
    resolveWord(
      { written: word.value, range: word.range, kind: 'word' },
      {
        scope: file.globals,
        escape: file.escape,
        onProblem: (message, range) =>
          addProblem(file, { code: 'EXPANSION_INVALID', message, stage, range, context: from.range }),
      },
    );
  return { platform: from.platform === null ? null : expand(from.platform), base: expand(from.base) };
}

function platformOf(
  file: FileDraft,
  from: FromInstruction,
  word: ResolvedWord | null,
  stage: number,
): string | null {
  if (word === null || word.value === null) return null;
  const place = { stage, range: word.range, context: from.range };
  if (word.value !== '' && splitPlatform(word.value) !== null) return word.value;
  const [missing] = word.unset;
  const suggestion = missing === undefined || isFull(file) ? null : suggest(missing, variableNames(file));
  const [code, problem] =
    word.value === ''
      ? (['PLATFORM_BLANK', `empty platform value from expression ${word.written}`] as const)
      : ([
          'PLATFORM_INVALID',
          `failed to parse platform ${word.written}: invalid platform ${quote(word.value)}`,
        ] as const);
  addProblem(file, { code, message: withSuggestion(problem, suggestion), suggestion, ...place });
  return null;
}

interface BaseWords {
  readonly from: FromInstruction;
  readonly word: ResolvedWord;
  readonly platform: string | null;
  readonly index: number;
}

function baseOf(file: FileDraft, { from, word, platform, index }: BaseWords): FileOrigin {
  const name = word.value;
  if (name === null) return { type: 'unknown' };
  if (name === '') {
    const message = `base name (${word.written}) should not be blank`;
    addProblem(file, { code: 'BASE_BLANK', message, stage: index, range: word.range, context: from.range });
    return { type: 'unknown' };
  }
  const stage = file.byName.get(name);
  if (stage !== undefined) return { type: 'stage', stage };
  if (name === 'scratch') return { type: 'scratch' };
  const context = findContext(file.contexts, name, platform ?? file.platform);
  return context === null ? { type: 'image', name } : { type: 'context', name: context };
}

/** Names a variable in FROM may have been meant for. */
function variableNames({ globals }: FileDraft): readonly string[] {
  return [...new Set([...PLATFORM_VARIABLES, ...globals.own.map(({ name }) => name)])];
}
