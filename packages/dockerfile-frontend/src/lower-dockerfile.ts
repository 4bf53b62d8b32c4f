// SPDX-License-Identifier: MIT
import type { SourceRange } from '@img-build/interfaces';
import type { Digest, Platform } from '@img-build/oci';
import { type BuildPlan, planBuild } from './build-plan.ts';
import type { BaseImageFacts } from './checks/base-image-facts.ts';
import { checkPlan, warningOf } from './checks/check-plan.ts';
import { FrontendError, withFileNameOf } from './frontend-error.ts';
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
  return await withFileNameOf(request.name, async () => lowerPlan(planBuild(request)));
}

async function lowerPlan(plan: BuildPlan): Promise<LowerResult> {
  const bases: ResolvedBase[] = [];
  const facts: BaseImageFacts = new Map();
  const lowerFor = async (platform: Platform, first: boolean): Promise<Lowered> => {
    const scope = await platformScope(plan, platform);
    // Every platform would be warned about the same; one is enough.
    const lowered = await lowerPlatform(plan, scope, { bases, facts: first ? facts : new Map() });
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
    warnings: warningsOf(plan, facts),
    bases,
    sourceDateEpoch: all[0]?.epoch,
    locationOf: (vertex) => locationOf(platforms, vertex),
  };
}

/** What the checks find; an error when the file wants it to be. */
function warningsOf(plan: BuildPlan, facts: BaseImageFacts): readonly FrontendWarning[] {
  const [platform = plan.buildPlatform] = plan.targetPlatforms;
  const { findings, violation, buildError } = checkPlan(plan, { platform, facts, stages: 'reachable' });
  // Everything else that is wrong was found by lowering.
  if (buildError?.code === 'CHECK_INVALID') {
    throw new FrontendError(buildError.message, {
      code: 'DOCKERFILE_INVALID',
      ranges: buildError.contexts.map(linesOf),
    });
  }
  const warnings = findings.map(warningOf);
  if (violation !== null) throw new FrontendError(violation, { code: 'LINT_VIOLATION', warnings });
  return warnings;
}

interface Lowered {
  readonly lowered: LoweredPlatform;
  readonly epoch: number | undefined;
}

function locationOf(platforms: readonly LoweredPlatform[], vertex: Digest): SourceRange | undefined {
  for (const { definition } of platforms) {
    const range = definition.source?.locations[vertex]?.locations[0]?.ranges[0];
    if (range !== undefined) return { startLine: range.start.line, endLine: range.end.line };
  }
  return undefined;
}
