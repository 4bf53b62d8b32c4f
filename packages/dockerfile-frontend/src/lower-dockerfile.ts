// SPDX-License-Identifier: MIT
import type { Dockerfile } from '@img-build/dockerfile-parser';
import type { SourceRange } from '@img-build/interfaces';
import type { Digest, Platform } from '@img-build/oci';
import { type BuildPlan, planBuild } from './build-plan.ts';
import { FrontendError } from './frontend-error.ts';
import { lowerPlatform } from './lower-platform.ts';
import type { FrontendWarning, LoweredPlatform, LowerRequest, LowerResult, ResolvedBase } from './options.ts';
import { platformScope } from './platform-scope.ts';
import { linesOf } from './stages/source-lines.ts';

/**
 * Turns a Dockerfile into one graph and one image config per platform. Executes nothing; asks the resolver only about
 * images that the target needs, all at once.
 *
 * @throws FrontendError with the lines it is about; the signal's reason
 */
export async function lowerDockerfile(request: LowerRequest): Promise<LowerResult> {
  request.signal?.throwIfAborted();
  try {
    return await lowerPlan(planBuild(request));
  } catch (error) {
    throw error instanceof FrontendError && error.file === undefined ? withFile(error, request.name) : error;
  }
}

async function lowerPlan(plan: BuildPlan): Promise<LowerResult> {
  const warnings = parserWarnings(plan.dockerfile);
  const bases: ResolvedBase[] = [];
  const lowerFor = async (platform: Platform, first: boolean): Promise<Lowered> => {
    const scope = await platformScope(plan, platform);
    const lowered = await lowerPlatform(plan, scope, {
      bases,
      // Every platform would warn about the same; one is enough.
      warn: (warning) => void (first && warnings.push(warning)),
    });
    return { lowered, epoch: scope.epoch };
  };
  const outcomes = await Promise.allSettled(
    plan.targetPlatforms.map(async (platform, index) => lowerFor(platform, index === 0)),
  );
  const all = outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
  const platforms = all.map(({ lowered }) => lowered);
  return {
    platforms,
    multiPlatform: plan.multiPlatform,
    warnings,
    bases,
    sourceDateEpoch: all[0]?.epoch,
    locationOf: (vertex) => locationOf(platforms, vertex),
  };
}

interface Lowered {
  readonly lowered: LoweredPlatform;
  readonly epoch: number | undefined;
}

function parserWarnings({ diagnostics }: Dockerfile): FrontendWarning[] {
  return diagnostics
    .filter(({ severity }) => severity === 'warning')
    .map(({ code, message, context }) => ({ rule: ruleName(code), message, range: linesOf(context) }));
}

/** `EMPTY_CONTINUATION` is reported under the name of its lint rule. */
function ruleName(code: string): string {
  return code === 'EMPTY_CONTINUATION' ? 'NoEmptyContinuation' : code;
}

function locationOf(platforms: readonly LoweredPlatform[], vertex: Digest): SourceRange | undefined {
  for (const { definition } of platforms) {
    const range = definition.source?.locations[vertex]?.locations[0]?.ranges[0];
    if (range !== undefined) return { startLine: range.start.line, endLine: range.end.line };
  }
  return undefined;
}

function withFile(error: FrontendError, file: string): FrontendError {
  const { message, code, hint, cause, ranges } = error;
  return new FrontendError(message, { code, hint, ranges, file, ...(cause === undefined ? {} : { cause }) });
}
