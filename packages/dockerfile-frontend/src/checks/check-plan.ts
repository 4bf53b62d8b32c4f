// SPDX-License-Identifier: MIT
import { type LintFinding, type LintResult, lint } from '@img-build/dockerfile-parser';
import { formatPlatform, type Platform } from '@img-build/oci';
import type { BuildPlan } from '../build-plan.ts';
import { ENTITLEMENTS } from '../instructions/entitlements.ts';
import type { FrontendWarning, LowerRequest } from '../options.ts';
import { linesOf } from '../stages/source-lines.ts';
import type { BaseImageFacts } from './base-image-facts.ts';

/** What a check is about. */
export interface CheckScope {
  readonly platform: Platform;
  readonly facts: BaseImageFacts;
  /** Without it: what a target that was named needs, else all stages. */
  readonly stages?: 'reachable' | undefined;
}

/** Checks a file that is, or was, built. */
export function checkPlan(plan: BuildPlan, { platform, facts, stages }: CheckScope): LintResult {
  const { dockerfile, request, buildArgs, buildPlatform } = plan;
  const { target, contexts = {}, context = 'local:', contextIgnore } = request.options;
  return lint(dockerfile, {
    args: buildArgs,
    platform: formatPlatform(platform),
    buildPlatform: formatPlatform(buildPlatform),
    target,
    contexts: Object.keys(contexts),
    baseImage: ({ stage }) => facts.get(stage),
    ignorePatterns: context.startsWith('local:') ? contextIgnore : undefined,
    stages,
  });
}

/**
 * The request with everything allowed: questions about a file run nothing, so that nothing has to be allowed.
 */
export function asQuestion(request: LowerRequest): LowerRequest {
  return { ...request, options: { ...request.options, entitlements: ENTITLEMENTS } };
}

/** A finding as a warning of the build. */
export function warningOf({ rule, description, url, message, context }: LintFinding): FrontendWarning {
  return { rule, description, url: url ?? undefined, message, range: linesOf(context) };
}
