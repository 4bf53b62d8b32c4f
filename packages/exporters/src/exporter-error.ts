// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';

/** Reasons a result cannot be exported. */
export type ExporterErrorCode =
  | 'EXPORT_ANNOTATION_INVALID'
  | 'EXPORT_PLATFORMS_UNSUPPORTED'
  | 'EXPORT_NAME_MISSING'
  | 'EXPORT_IMAGE_NOT_FOUND'
  | 'EXPORT_CONTENT_MISSING'
  | 'EXPORT_DESTINATION_INVALID'
  | 'CACHE_INVALID'
  | 'CACHE_NOT_FOUND';

/** Thrown by the exporters, by pushing, saving and loading. */
export class ExporterError extends ToolError<ExporterErrorCode> {
  override readonly name = 'ExporterError';
}
