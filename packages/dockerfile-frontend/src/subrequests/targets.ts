// SPDX-License-Identifier: MIT
import { planBuild } from '../build-plan.ts';
import { withFileName } from '../frontend-error.ts';
import type { LowerRequest } from '../options.ts';
import { instructionLines } from '../stages/source-lines.ts';
import { encodedSource, type SourceLocation, sourceLocation } from './source-location.ts';
import { textTable } from './text-table.ts';

/** One stage that can be built. */
export interface Target {
  readonly name?: string;
  /** Built when no target is given. */
  readonly default?: true;
  /** Text of a comment above the FROM that starts with the name. */
  readonly description?: string;
  /** As written. */
  readonly base?: string;
  /** As written. */
  readonly platform?: string;
  readonly location: SourceLocation;
}

/** What can be built, as BuildKit's `frontend.targets` answers. */
export interface TargetList {
  readonly targets: readonly Target[];
  /** The file, in base64. */
  readonly sources: readonly string[];
}

/**
 * Lists the stages of a file. Asks nobody.
 *
 * @throws FrontendError when the file cannot be read
 */
export function targetsOf(request: Pick<LowerRequest, 'text' | 'name' | 'options'>): TargetList {
  const { stages } = withFileName(request.name, () => planBuild({ ...request, resolver: NOBODY }).list);
  return {
    targets: stages.map(
      ({ from }, index): Target => ({
        ...(from.name === null ? {} : { name: from.name }),
        ...(index === stages.length - 1 ? { default: true } : {}),
        ...(from.description === '' ? {} : { description: from.description }),
        base: from.base.value,
        ...(from.platform === null ? {} : { platform: from.platform.value }),
        location: sourceLocation(instructionLines(from)),
      }),
    ),
    sources: [encodedSource(request.text)],
  };
}

/** The list as a table. */
export function formatTargets({ targets }: TargetList): string {
  const rows = targets.map((target) => {
    const mark = target.default === true ? '(default)' : '';
    return [[target.name ?? '', mark].filter((word) => word !== '').join(' '), target.description ?? ''];
  });
  return textTable([['TARGET', 'DESCRIPTION'], ...rows], 1);
}

const NOBODY: LowerRequest['resolver'] = {
  resolveImageConfig: () => Promise.reject(new TypeError('a list of targets needs no image')),
};
