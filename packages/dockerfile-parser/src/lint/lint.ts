// SPDX-License-Identifier: MIT
import { createPatternMatcher, type PatternMatcher } from '@img-build/path-patterns';
import type { Dockerfile } from '../dockerfile.ts';
import { buildArg, PLATFORM_VARIABLES } from '../resolve/global-variables.ts';
import { DEFAULT_PLATFORM, resolve } from '../resolve/resolve.ts';
import type { BaseImage } from '../resolve/resolve-options.ts';
import type { StageGraph } from '../resolve/stage-graph.ts';
import { firstBuildError } from './build-error.ts';
import { BUILTIN_RULES } from './builtin-rules.ts';
import { createFindingList } from './finding-list.ts';
import type { LintOptions, LintResult } from './lint-options.ts';
import type { LintContext } from './lint-rule.ts';
import { readLintSettings } from './lint-settings.ts';

/**
 * Checks a file against the rules. Never throws, unless a rule of the caller's does; a file that is wrong is checked as
 * far as it can be understood.
 */
export function lint(dockerfile: Dockerfile, options: LintOptions = {}): LintResult {
  const { settings, invalid } = readLintSettings(dockerfile, options);
  const graph = resolve(dockerfile, options);
  const { stages: wanted = (options.target ?? '') === '' ? 'all' : 'reachable' } = options;
  const stages = graph.stages.filter(({ reachable }) => wanted === 'all' || reachable);
  const list = createFindingList(dockerfile.instructions, settings);
  const shared: Omit<LintContext, 'report'> = {
    dockerfile,
    graph,
    defaults: once(() => resolve(dockerfile, withoutArgs(options))),
    stages,
    platform: options.platform ?? DEFAULT_PLATFORM,
    baseImage: (stage) => baseImageOf(stage, options),
    ignore: ignoreMatcher(options.ignorePatterns),
  };
  const rules = options.skip === 'all' ? [] : (options.rules ?? BUILTIN_RULES);
  for (const rule of rules) {
    if (list.mayRun(rule)) rule.check({ ...shared, report: (report) => list.add(rule, report) });
  }
  const findings = list.sorted();
  return {
    findings,
    violation: settings.error && findings.length > 0 ? describeViolation(findings) : null,
    buildError: invalid ?? firstBuildError(dockerfile, graph, stages),
  };
}

function baseImageOf(
  { base, index, platform }: StageGraph['stages'][number],
  { baseImage }: LintOptions,
): BaseImage | null {
  if (base.type !== 'image' && base.type !== 'context') return null;
  return baseImage?.({ stage: index, name: base.name, platform }) ?? null;
}

function ignoreMatcher(patterns: readonly string[] | undefined): PatternMatcher | null {
  if (patterns === undefined) return null;
  try {
    return createPatternMatcher(patterns);
  } catch {
    // An ignore file that cannot be read is an error of its own, and not the Dockerfile's.
    return null;
  }
}

/** Platform variables stay: they are not defaults of the file. */
function withoutArgs(options: LintOptions): LintOptions {
  const args: Record<string, string> = {};
  for (const name of PLATFORM_VARIABLES) {
    const value = buildArg(options.args ?? {}, name);
    if (value !== undefined) args[name] = value;
  }
  return { ...options, args };
}

function describeViolation(findings: LintResult['findings']): string {
  const rules = [...new Set(findings.map(({ rule }) => rule))].sort();
  return `lint violation found for rules: ${rules.join(', ')}`;
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
