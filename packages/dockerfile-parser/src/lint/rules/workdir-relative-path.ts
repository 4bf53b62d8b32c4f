// SPDX-License-Identifier: MIT
import { quote } from '../../characters.ts';
import { splitPlatform } from '../../resolve/platform-text.ts';
import type { ResolvedStage, ResolvedWord } from '../../resolve/stage-graph.ts';
import { docsPage } from '../docs-page.ts';
import type { LintRule } from '../lint-rule.ts';

/** A first WORKDIR that depends on the base image's; those after it are fixed by fixing the first. */
export const workdirRelativePath: LintRule = {
  meta: {
    name: 'WorkdirRelativePath',
    description:
      'Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes',
    url: docsPage('workdir-relative-path'),
    experimental: false,
  },
  check({ graph, stages, platform, report }) {
    /** Whether each stage has a WORKDIR of the file. */
    const set: boolean[] = [];
    const looked = new Set(stages.map(({ index }) => index));
    for (const stage of graph.stages) {
      const { base, index } = stage;
      const inherited = base.type === 'stage' && set[base.stage] === true;
      const [first] = stage.steps.filter(({ instruction }) => instruction.kind === 'workdir');
      set[index] = inherited || first !== undefined;
      const [word] = first?.words ?? [];
      if (inherited || word === undefined || !looked.has(index)) continue;
      if (word.value === null || mayBeAbsolute(stage, word, platform)) continue;
      const message = `Relative workdir ${quote(word.value)} can have unexpected results if the base image changes`;
      report({ message, range: word.range });
    }
  },
};

function mayBeAbsolute(stage: ResolvedStage, { value, undeclared }: ResolvedWord, platform: string): boolean {
  if (!stage.environmentKnown && undeclared.length > 0) return true;
  const windows = splitPlatform(stage.platform ?? platform)?.os.toLowerCase() === 'windows';
  return windows ? /^(?:[A-Za-z]:)?[\\/]/.test(value ?? '') : (value ?? '').startsWith('/');
}
