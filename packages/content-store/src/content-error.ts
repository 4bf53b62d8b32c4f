// SPDX-License-Identifier: MIT
import { isSystemError, ToolError } from '@img-build/errors';

/** Reasons a content store refuses or fails an operation. */
export type ContentErrorCode =
  | 'CONTENT_NOT_FOUND'
  | 'CONTENT_TOO_LARGE'
  | 'CONTENT_DIGEST_MISMATCH'
  | 'CONTENT_SIZE_MISMATCH'
  | 'CONTENT_NO_SPACE'
  | 'CONTENT_CLOSED';

/** Thrown by every content store. */
export class ContentError extends ToolError<ContentErrorCode> {
  override readonly name = 'ContentError';
}

/** Turns "disk full" and "over quota" into `CONTENT_NO_SPACE`; everything else stays what it is. */
export function asContentError(error: unknown, root: string): unknown {
  if (!isSystemError(error, 'ENOSPC', 'EDQUOT')) return error;
  return new ContentError(`no space left for content in ${root}`, {
    code: 'CONTENT_NO_SPACE',
    cause: error,
    hint: 'free some space, for example with: img prune',
  });
}
