// SPDX-License-Identifier: MIT
import { quote } from '../../characters.ts';
import type { ResolvedStep } from '../../resolve/stage-graph.ts';
import type { SourceRange } from '../../source-range.ts';
import { docsPage } from '../docs-page.ts';
import type { LintRule } from '../lint-rule.ts';

const SECRET = /(?:^|_)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/i;
const HARMLESS = /(?:^|_)(?:public|file|version)(?:_|$)/i;

/** A variable whose name says that it is a secret: its value ends up in the image or its history. */
export const secretsUsedInArgOrEnv: LintRule = {
  meta: {
    name: 'SecretsUsedInArgOrEnv',
    description: 'Sensitive data should not be used in the ARG or ENV commands',
    url: docsPage('secrets-used-in-arg-or-env'),
    experimental: false,
  },
  check({ stages, report }) {
    for (const step of stages.flatMap(({ steps }) => steps)) {
      for (const { name, range } of namesSetBy(step)) {
        if (!SECRET.test(name) || HARMLESS.test(name)) continue;
        const command = step.instruction.kind.toUpperCase();
        const message = `Do not use ARG or ENV instructions for sensitive data (${command} ${quote(name)})`;
        report({ message, range: step.onbuild ? step.range : range });
      }
    }
  },
};

interface SetName {
  readonly name: string;
  readonly range: SourceRange;
}

function namesSetBy({ instruction, words }: ResolvedStep): readonly SetName[] {
  if (instruction.kind === 'arg')
    return instruction.declarations.map(({ name }) => ({ name: name.value, range: name.range }));
  if (instruction.kind !== 'env') return [];
  // Keys and values take turns.
  return words.flatMap(({ value, range }, index) =>
    index % 2 === 0 && value !== null ? [{ name: value, range }] : [],
  );
}
