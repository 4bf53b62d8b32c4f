// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';

/** Reasons why a word or a mount cannot be expanded. Parsing itself never throws. */
export type DockerfileErrorCode =
  | 'EXPANSION_BAD_SUBSTITUTION'
  | 'EXPANSION_MODIFIER_UNSUPPORTED'
  | 'EXPANSION_PATTERN_INVALID'
  | 'EXPANSION_TOO_DEEP'
  | 'EXPANSION_UNTERMINATED'
  | 'EXPANSION_VARIABLE_REQUIRED'
  | 'MOUNT_INVALID';

/** Thrown by the functions that evaluate parts of a Dockerfile: {@link processWord}, {@link resolveMount} and their kin. */
export class DockerfileError extends ToolError<DockerfileErrorCode> {
  override readonly name = 'DockerfileError';
}
