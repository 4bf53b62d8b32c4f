// SPDX-License-Identifier: MIT
import { ToolError, type ToolErrorInit } from '@img-build/errors';
import type { SourceRange } from '@img-build/interfaces';

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
  | 'FEATURE_UNSUPPORTED';

/** Facts of a {@link FrontendError}. */
export interface FrontendErrorInit extends ToolErrorInit<FrontendErrorCode> {
  /** Name of the file, as the user gave it. */
  readonly file?: string | undefined;
  /** Lines to mark; one excerpt each. */
  readonly ranges?: readonly SourceRange[] | undefined;
}

/** Thrown for everything wrong with a Dockerfile or what it refers to; says where. */
export class FrontendError extends ToolError<FrontendErrorCode> {
  override readonly name = 'FrontendError';
  readonly file: string | undefined;
  readonly ranges: readonly SourceRange[];

  constructor(message: string, { file, ranges = [], ...init }: FrontendErrorInit) {
    super(message, init);
    this.file = file;
    this.ranges = ranges;
  }
}
