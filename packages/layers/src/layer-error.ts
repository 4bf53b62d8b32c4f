// SPDX-License-Identifier: MIT
import { isSystemError, isToolError, messageOf, ToolError } from '@img-build/errors';

/** Reasons a layer or an archive cannot be read or made. */
export type LayerErrorCode =
  | 'LAYER_DIGEST_MISMATCH'
  | 'LAYER_DIFF_ID_MISMATCH'
  | 'LAYER_INVALID'
  | 'LAYER_UNSUPPORTED'
  | 'LAYER_TOO_LARGE'
  | 'LAYER_NO_SPACE'
  | 'LAYER_TARGET_INVALID'
  | 'LAYER_SOURCE_CHANGED';

/** Thrown by everything in this package. */
export class LayerError extends ToolError<LayerErrorCode> {
  override readonly name = 'LayerError';
}

/** An error saying that the tar stream breaks its format. */
export function invalid(message: string, cause?: unknown): LayerError {
  return new LayerError(message, { code: 'LAYER_INVALID', ...(cause === undefined ? {} : { cause }) });
}

/** Explains a failure while `what` (`layer sha256:…`, `archive x.tar`) was unpacked. */
export function unpackError(error: unknown, what: string): unknown {
  if (isToolError(error) && error.code.startsWith('LAYER_')) {
    if (error.message.startsWith(what)) return error;
    return new LayerError(`${what}: ${error.message}`, {
      code: error.code as LayerErrorCode,
      hint: error.hint,
      cause: error,
    });
  }
  const code = (error as { code?: unknown } | null)?.code;
  if (isSystemError(error, 'ENOSPC', 'EDQUOT')) {
    return new LayerError(`no space left to unpack ${what}`, {
      code: 'LAYER_NO_SPACE',
      cause: error,
      hint: 'free some space, for example with: img prune',
    });
  }
  if (isSystemError(error, 'ENAMETOOLONG', 'ELOOP', 'EILSEQ'))
    return invalid(`${what}: ${messageOf(error)}`, error);
  if (typeof code === 'string' && /^(Z_|ZSTD_|ERR_ZSTD|ERR_BROTLI)/.test(code)) {
    return invalid(`${what} is damaged: ${messageOf(error)}`, error);
  }
  return error;
}
