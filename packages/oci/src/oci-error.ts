// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';

/** Reasons a document, name or value of the image formats is refused. */
export type OciErrorCode =
  | 'DIGEST_INVALID'
  | 'REFERENCE_INVALID'
  | 'PLATFORM_INVALID'
  | 'MEDIA_TYPE_UNSUPPORTED'
  | 'DOCUMENT_INVALID'
  | 'DOCUMENT_AMBIGUOUS'
  | 'PLATFORM_NOT_FOUND';

/** Thrown by the parsers and validators of this package. */
export class OciError extends ToolError<OciErrorCode> {
  override readonly name = 'OciError';
}
