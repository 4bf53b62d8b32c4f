// SPDX-License-Identifier: MIT

import type { PatternMatcher } from '@img-build/path-patterns';
import type { Dockerfile } from '../dockerfile.ts';
import type { Instruction } from '../instruction.ts';
import type { BaseImage } from '../resolve/resolve-options.ts';
import type { ResolvedStage, StageGraph } from '../resolve/stage-graph.ts';
import type { SourceRange } from '../source-range.ts';

/** What is known about a rule without running it. */
export interface LintRuleMeta {
  /** Identifier in `# check=skip=NAME`; case-sensitive, no commas or blanks. */
  readonly name: string;
  /** One sentence. */
  readonly description: string;
  /** Page about the rule; `null` when there is none. */
  readonly url: string | null;
  /** True: off unless `# check=experimental=NAME` (or `all`) switches it on. */
  readonly experimental: boolean;
}

/** What a rule reports. */
export interface LintReport {
  readonly message: string;
  /** The words that are wrong. */
  readonly range: SourceRange;
  /** What to mark; default the instruction that holds `range`. */
  readonly context?: SourceRange | undefined;
  /** The instruction whose `# check=skip=` comments count; default the one that holds `range`. */
  readonly instruction?: Instruction | undefined;
}

/** What a rule works on. */
export interface LintContext {
  readonly dockerfile: Dockerfile;
  /** Resolved with the caller's build arguments, target and platforms. */
  readonly graph: StageGraph;
  /** The same as if no build argument had been given; made on first use. */
  defaults(): StageGraph;
  /** Stages that are of interest: all of them, or those the target needs. */
  readonly stages: readonly ResolvedStage[];
  /** Normalised target platform. */
  readonly platform: string;
  /** What the caller knows about a stage's own base image; `null` when it is neither image nor context, or nothing is known. */
  baseImage(stage: ResolvedStage): BaseImage | null;
  /** Rules of the main context's ignore file; `null` when not known. */
  readonly ignore: PatternMatcher | null;
  /** Adds a finding, unless the file or the instruction skips the rule. */
  report(report: LintReport): void;
}

/**
 * A rule. Keep it free of state: `check` is called once per file.
 *
 *     const noLatest: LintRule = {
 *       meta: { name: 'NoLatest', description: 'Base images should have a tag', url: null, experimental: false },
 *       check({ stages, report }) {
 *         for (const { base, from } of stages) {
 *           if (base.type === 'image' && base.name.endsWith(':latest'))
 *             report({ message: `Base image ${base.name} may change at any time`, range: from.range });
 *         }
 *       },
 *     };
 */
export interface LintRule {
  readonly meta: LintRuleMeta;
  check(context: LintContext): void;
}
