// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';

/** Reasons why a word or a mount cannot be expanded, or a file not be edited so. Parsing itself never throws. */
export type DockerfileErrorCode =
  | 'EDIT_OVERLAP'
  | 'EDIT_TARGET_INVALID'
  | 'EDIT_TEXT_INVALID'
  | 'EXPANSION_BAD_SUBSTITUTION'
  | 'EXPANSION_MODIFIER_UNSUPPORTED'
  | 'EXPANSION_PATTERN_INVALID'
  | 'EXPANSION_TOO_DEEP'
  | 'EXPANSION_UNTERMINATED'
  | 'EXPANSION_VARIABLE_REQUIRED'
  | 'MOUNT_INVALID';

/** Thrown by the functions that evaluate or edit parts of a Dockerfile: {@link processWord}, {@link resolveMount} and their kin. */
export class DockerfileError extends ToolError<DockerfileErrorCode> {
  override readonly name = 'DockerfileError';
}
