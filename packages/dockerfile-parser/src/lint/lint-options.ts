// SPDX-License-Identifier: MIT
import type { Diagnostic } from '../diagnostic.ts';
import type { ResolveDiagnostic } from '../resolve/resolve-diagnostic.ts';
import type { ResolveOptions } from '../resolve/resolve-options.ts';
import type { LintFinding } from './lint-finding.ts';
import type { LintRule } from './lint-rule.ts';

/** How to check a file. Build arguments, platforms and base images come in through {@link ResolveOptions}. */
export interface LintOptions extends ResolveOptions {
  /** Rules to run; default {@link BUILTIN_RULES}. */
  readonly rules?: readonly LintRule[] | undefined;
  /**
   * Value of a `# check=` directive that replaces the file's own: `skip=A;error=true`. Default: the build argument
   * `BUILDKIT_DOCKERFILE_CHECK`, else the directive.
   */
  readonly check?: string | undefined;
  /** Rules not to run, besides those the directive names; `all`: none runs. */
  readonly skip?: 'all' | readonly string[] | undefined;
  /** Experimental rules to run, besides those the directive names; `all`: every one. */
  readonly experimental?: 'all' | readonly string[] | undefined;
  /** Findings are errors, whatever the directive says. */
  readonly error?: boolean | undefined;
  /**
   * Stages that rules about a stage's instructions look at. Default: `all` without a target, else `reachable`: what the
   * target needs. A build that does not name its target wants `reachable`.
   */
  readonly stages?: 'all' | 'reachable' | undefined;
  /** Patterns of the main context's ignore file, from {@link parseIgnoreFile}; without them nothing is known. */
  readonly ignorePatterns?: readonly string[] | undefined;
}

/** What a check has found. Plain data. */
export interface LintResult {
  /** By place in the file, those of one place in the order of the rules. */
  readonly findings: readonly LintFinding[];
  /** `lint violation found for rules: A, B` when findings are errors and there are some; else `null`. */
  readonly violation: string | null;
  /** Why the file cannot be built; `null` when nothing says so. */
  readonly buildError: LintBuildError | null;
}

/** The error a build of the same file would end with. */
export interface LintBuildError {
  /** `BUILD_FAILED` is for callers that went further than this package can, and failed there. */
  readonly code: Diagnostic['code'] | ResolveDiagnostic['code'] | 'CHECK_INVALID' | 'BUILD_FAILED';
  readonly message: string;
  /** Instructions to mark, none when it is not about a place. */
  readonly contexts: readonly Diagnostic['context'][];
}
