// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';

/** Reasons a source cannot be opened or read. */
export type SourceErrorCode =
  | 'SOURCE_IDENTIFIER_INVALID'
  | 'SOURCE_NOT_FOUND'
  | 'SOURCE_UNSUPPORTED'
  | 'SOURCE_PLATFORM_NOT_FOUND'
  | 'SOURCE_CHECKSUM_MISMATCH'
  | 'SOURCE_TOO_LARGE'
  | 'SOURCE_DOWNLOAD_FAILED'
  | 'SOURCE_REDIRECT_REFUSED'
  | 'SOURCE_GIT_FAILED'
  | 'TREE_PATH_NOT_FOUND'
  | 'TREE_TOO_MANY_LINKS'
  | 'TREE_PATTERN_INVALID';

/** Thrown by the sources and by everything that reads trees. */
export class SourceError extends ToolError<SourceErrorCode> {
  override readonly name = 'SourceError';
}
