// SPDX-License-Identifier: MIT
import { type LintResult, parse } from '@img-build/dockerfile-parser';
import { type BuildPlan, planOf, readOptions } from '../build-plan.ts';
import { FrontendError } from '../frontend-error.ts';
import { lowerStagesOf } from '../lower-platform.ts';
import type { LowerRequest } from '../options.ts';
import { platformScope } from '../platform-scope.ts';
import { textRange } from '../stages/source-lines.ts';
import type { BaseImageFacts } from './base-image-facts.ts';
import { asQuestion, checkPlan } from './check-plan.ts';

/**
 * Checks a file against all rules, as `docker build --check` does: with a target what the target needs, else every
 * stage. Asks the resolver about base images. What would fail the build is in the result, and is not thrown.
 *
 * @throws FrontendError `OPTION_INVALID`, `CONTEXT_INVALID` for options that make no sense; the signal's reason
 */
export async function checkDockerfile(request: LowerRequest): Promise<LintResult> {
  request.signal?.throwIfAborted();
  const plan = planOf(readOptions(asQuestion(request)), parse(request.text));
  const [platform = plan.buildPlatform] = plan.targetPlatforms;
  const facts: BaseImageFacts = new Map();
  const failure = await tryToLower(plan, facts);
  const result = checkPlan(plan, { platform, facts });
  if (result.buildError !== null || failure === undefined) return result;
  return {
    ...result,
    buildError: {
      code: 'BUILD_FAILED',
      message: failure.message,
      contexts: failure.ranges.map((range) => textRange(request.text, range)),
    },
  };
}

async function tryToLower(plan: BuildPlan, facts: BaseImageFacts): Promise<FrontendError | undefined> {
  const { request, targetPlatforms, buildPlatform, dockerfile } = plan;
  // What the parser has found is in the result anyway, and leaves nothing to lower.
  if (dockerfile.diagnostics.some(({ severity }) => severity === 'error')) return undefined;
  try {
    const scope = await platformScope(plan, targetPlatforms[0] ?? buildPlatform);
    const { target = '' } = request.options;
    await lowerStagesOf(plan, scope, { findings: { bases: [], facts }, all: target === '' });
    return undefined;
  } catch (error) {
    request.signal?.throwIfAborted();
    if (error instanceof FrontendError) return error;
    throw error;
  }
}
