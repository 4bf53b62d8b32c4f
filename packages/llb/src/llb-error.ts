// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';

/**
 * - `LLB_WIRE_INVALID`: bytes are not the protobuf message they should be, or exceed a limit.
 * - `LLB_DEFINITION_INVALID`: a definition names inputs that are not in it, or has no clear result.
 * - `LLB_OP_INVALID`: an operation refers to inputs it does not have, or lacks a mandatory part.
 */
export type LlbErrorCode = 'LLB_WIRE_INVALID' | 'LLB_DEFINITION_INVALID' | 'LLB_OP_INVALID';

/** Thrown by every function of this package. */
export class LlbError extends ToolError<LlbErrorCode> {
  override readonly name = 'LlbError';
}
