// SPDX-License-Identifier: MIT
import { cleanPath, type PatternMatcher } from '@img-build/path-patterns';
import { quote } from '../../characters.ts';
import type { ResolvedStep } from '../../resolve/stage-graph.ts';
import { docsPage } from '../docs-page.ts';
import type { LintRule } from '../lint-rule.ts';

/** A name no ignore file means in particular: whoever excludes it excludes everything. */
const ANY_NAME = '\u{10ffff}'.repeat(8);

/**
 * COPY or ADD of a path that the context's ignore file leaves out. An ignore file with exceptions is not judged: what is
 * below an excluded folder may be taken back.
 */
export const copyIgnoredFile: LintRule = {
  meta: {
    name: 'CopyIgnoredFile',
    description: 'Attempting to Copy file that is excluded by .dockerignore',
    url: docsPage('copy-ignored-file'),
    experimental: false,
  },
  check({ stages, ignore, report }) {
    if (ignore === null || ignore.hasExceptions) return;
    for (const step of stages.flatMap(({ steps }) => steps)) {
      const command = step.instruction.kind === 'add' ? 'Add' : 'Copy';
      for (const { path, range } of contextSources(step)) {
        if (!isIgnored(ignore, path)) continue;
        const message = `Attempting to ${command} file ${quote(path)} that is excluded by .dockerignore`;
        report({ message, range });
      }
    }
  },
};

function contextSources({ instruction, words, range, onbuild }: ResolvedStep): readonly {
  readonly path: string;
  readonly range: ResolvedStep['range'];
}[] {
  if (instruction.kind !== 'add' && instruction.kind !== 'copy') return [];
  if (instruction.kind === 'copy' && instruction.from !== null) return [];
  return instruction.sources.flatMap((source) => {
    const value = source.type === 'path' ? valueOf(source.value, words) : null;
    if (value === null || (instruction.kind === 'add' && isRemote(value))) return [];
    return [{ path: cleanPath(value), range: onbuild ? range : source.range }];
  });
}

function valueOf(written: string, words: ResolvedStep['words']): string | null {
  return words.find((word) => word.written === written)?.value ?? null;
}

function isIgnored(ignore: PatternMatcher, path: string): boolean {
  const relative = path.replace(/^\/+/, '').replace(/^(?:\.\.\/)+/, '');
  return ignore.matches(relative === '' || relative === '.' || relative === '..' ? ANY_NAME : relative);
}

function isRemote(path: string): boolean {
  return /^(?:https?|git|ssh):\/\/|^[\w.-]+@[\w.-]+:/.test(path);
}
