// SPDX-License-Identifier: MIT
import { ToolError, type ToolErrorInit } from '@img-build/errors';
import type { SourceRange } from '@img-build/interfaces';
import type { FrontendWarning } from './options.ts';

/**
 * - `DOCKERFILE_INVALID`: the file breaks a rule of the language; also what the parser found.
 * - `DOCKERFILE_SYNTAX_FOREIGN`: `# syntax=` asks for another frontend.
 * - `EXPANSION_INVALID`: a variable expansion is malformed, or a `${name:?}` has no value.
 * - `INSTRUCTION_INVALID`: arguments of an instruction are wrong once variables are expanded.
 * - `CONTEXT_INVALID`: a context or a git address is malformed, or of a kind that is not known.
 * - `OPTION_INVALID`: a build argument or an attribute that steers the build has no such value.
 * - `ENTITLEMENT_MISSING`: a step asks for what the user has not allowed.
 * - `STAGE_NOT_FOUND`: no such target, or stage index.
 * - `STAGE_ORDER_INVALID`: a stage is used before it is defined, or stages need each other.
 * - `BASE_INVALID`: the name or platform in FROM is blank or malformed.
 * - `BASE_UNRESOLVED`: the base image could not be resolved; the cause says why.
 * - `LINT_VIOLATION`: a rule is broken, and `# check=error=true` makes that an error.
 * - `FEATURE_UNSUPPORTED`: valid, but not supported by this frontend.
 */
export type FrontendErrorCode =
  | 'DOCKERFILE_INVALID'
  | 'DOCKERFILE_SYNTAX_FOREIGN'
  | 'EXPANSION_INVALID'
  | 'INSTRUCTION_INVALID'
  | 'CONTEXT_INVALID'
  | 'OPTION_INVALID'
  | 'ENTITLEMENT_MISSING'
  | 'STAGE_NOT_FOUND'
  | 'STAGE_ORDER_INVALID'
  | 'BASE_INVALID'
  | 'BASE_UNRESOLVED'
  | 'LINT_VIOLATION'
  | 'FEATURE_UNSUPPORTED';

/** Facts of a {@link FrontendError}. */
export interface FrontendErrorInit extends ToolErrorInit<FrontendErrorCode> {
  /** Name of the file, as the user gave it. */
  readonly file?: string | undefined;
  /** Lines to mark; one excerpt each. */
  readonly ranges?: readonly SourceRange[] | undefined;
  /** What the checks found before the error. */
  readonly warnings?: readonly FrontendWarning[] | undefined;
}

/** Thrown for everything wrong with a Dockerfile or what it refers to; says where. */
export class FrontendError extends ToolError<FrontendErrorCode> {
  override readonly name = 'FrontendError';
  readonly file: string | undefined;
  readonly ranges: readonly SourceRange[];
  /** What the checks found before the error; print it, too. */
  readonly warnings: readonly FrontendWarning[];

  constructor(message: string, { file, ranges = [], warnings = [], ...init }: FrontendErrorInit) {
    super(message, init);
    this.file = file;
    this.ranges = ranges;
    this.warnings = warnings;
  }
}

/** Runs `work`; an error of the frontend that does not tell the file gets its name. */
export function withFileName<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw named(error, file);
  }
}

/** {@link withFileName} for work that takes time. */
export async function withFileNameOf<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw named(error, file);
  }
}

/** The error with more facts, unless it has them. */
export function withFacts(
  { message, code, hint, cause, ranges, file, warnings }: FrontendError,
  facts: Pick<FrontendErrorInit, 'file' | 'ranges'>,
): FrontendError {
  return new FrontendError(message, {
    code,
    hint,
    ...(cause === undefined ? {} : { cause }),
    file: file ?? facts.file,
    ranges: ranges.length > 0 ? ranges : facts.ranges,
    warnings,
  });
}

function named(error: unknown, file: string): unknown {
  return error instanceof FrontendError && error.file === undefined ? withFacts(error, { file }) : error;
}
