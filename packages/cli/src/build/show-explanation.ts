// SPDX-License-Identifier: MIT
import { isToolError, ToolError } from '@img-build/errors';
import type { CommandIo } from '../command.ts';
import { formatExplanation } from '../render/explanation.ts';
import { formatFailure } from '../render/failure.ts';
import { type BuildReport, reportDocument } from './build-report.ts';
import type { BuildCommandRequest } from './build-request.ts';

/** What an explanation is shown with. */
export interface ShowExplanationOptions {
  readonly io: CommandIo;
  readonly request: Pick<BuildCommandRequest, 'explain' | 'progress'>;
  /** `undefined` when the build ended before its steps were known. */
  readonly report: BuildReport | undefined;
}

/** Exit code of a build in which a step was not cached that had to be. */
const NOT_CACHED = 8;

/** Says of every step why it was executed, when that was asked for. */
export function showExplanation({ io, request, report }: ShowExplanationOptions): void {
  if (!request.explain || report === undefined) return;
  const text =
    request.progress === 'rawjson'
      ? `${JSON.stringify({ explanation: reportDocument(report) })}\n`
      : formatExplanation(report.steps);
  io.stderr.write(text);
}

/** Tells whether a build ended because of `--expect-cached`. */
export function isNotCached(error: unknown): boolean {
  return isToolError(error, 'SOLVER_VERTEX_FAILED') && isToolError(error.cause, 'BUILD_NOT_CACHED');
}

/** Says which step was not cached, and why. @returns the exit code */
export function failNotCached({ io, request, report }: ShowExplanationOptions): number {
  const executed = report?.steps.filter(({ outcome }) => outcome === 'failed' || outcome === 'executed');
  if (request.progress !== 'rawjson' && !request.explain) io.stderr.write(formatExplanation(executed ?? []));
  showExplanation({ io, request, report });
  const failed = executed?.findLast(({ outcome }) => outcome === 'failed')?.name ?? 'a step';
  const failure = new ToolError(`${failed} is not cached, as --expect-cached demands`, {
    code: 'BUILD_NOT_CACHED',
    hint: 'build without --expect-cached to execute it',
  });
  io.stderr.write(formatFailure(failure, { debug: false }));
  return NOT_CACHED;
}
