// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';

/** Why a pattern is refused. */
export type PathPatternErrorCode = 'PATTERN_INVALID';

/** Thrown for a pattern that cannot be read. */
export class PathPatternError extends ToolError<PathPatternErrorCode> {
  override readonly name = 'PathPatternError';
}
