// SPDX-License-Identifier: MIT
import { formatExcerpt } from '@img-build/dockerfile-frontend';
import { isToolError } from '@img-build/errors';
import type { SourceRange } from '@img-build/interfaces';
import type { BuildLog, StepState } from '../render/build-log.ts';

/** Lines of output shown again when a step fails. */
const TAIL_LINES = 40;

/** What the report is made from. */
export interface FailureSources {
  readonly dockerfile: { readonly name: string; readonly text: string };
  readonly log: BuildLog;
  locationOf(vertex: string): SourceRange | undefined;
}

/** What a failed build prints before its last line: the step with the end of its output, and the lines of the Dockerfile. */
export function failureReport(error: unknown, { dockerfile, log, locationOf }: FailureSources): string {
  const vertex = vertexOf(error);
  const step = vertex === undefined ? undefined : log.steps.get(vertex);
  const ranges = rangesOf(error) ?? (vertex === undefined ? [] : [locationOf(vertex) ?? []].flat());
  const excerpts = ranges.map((range) => formatExcerpt(dockerfile.name, dockerfile.text, range));
  return [step === undefined ? '' : stepTail(step), ...excerpts].join('');
}

function stepTail({ name, tail, number }: StepState): string {
  const lines = tail.slice(-TAIL_LINES).map(({ after, text }) => `${(after / 1000).toFixed(3)} ${text}`);
  const cut =
    tail.length > TAIL_LINES ? [`[the last ${TAIL_LINES} lines of the output of step ${number}]`] : [];
  return ['------', ` > ${name}:`, ...cut, ...lines, '------', ''].join('\n');
}

/** The vertex that failed, as the solver names it. */
function vertexOf(error: unknown): string | undefined {
  if (!isToolError(error, 'SOLVER_VERTEX_FAILED')) return undefined;
  const { vertex } = error as { readonly vertex?: unknown };
  return typeof vertex === 'string' ? vertex : undefined;
}

/** Places a frontend error names. */
function rangesOf(error: unknown): readonly SourceRange[] | undefined {
  const { ranges } = error as { readonly ranges?: unknown };
  return isToolError(error) && Array.isArray(ranges) && ranges.length > 0
    ? (ranges as readonly SourceRange[])
    : undefined;
}
