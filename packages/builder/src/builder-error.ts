// SPDX-License-Identifier: MIT
import { ToolError, type ToolErrorInit } from '@img-build/errors';

/** Reasons a build fails in the builder itself; errors of the ports pass through as causes. */
export type BuilderErrorCode =
  | 'BUILD_DEFINITION_INVALID'
  | 'BUILD_DEVICE_FORBIDDEN'
  | 'BUILD_OP_UNSUPPORTED'
  | 'BUILD_SOURCE_UNKNOWN'
  | 'BUILD_CONTEXT_CHANGED'
  | 'BUILD_NOT_CACHED'
  | 'BUILD_PROCESS_FAILED'
  | 'BUILD_RECORD_LOST'
  | 'BUILD_SECRET_INVALID'
  | 'BUILD_SECRET_MISSING';

/** Thrown by the builder. */
export class BuilderError extends ToolError<BuilderErrorCode> {
  override readonly name: string = 'BuilderError';
}

/** A command that ran and did not exit with 0. */
export class ProcessFailedError extends BuilderError {
  override readonly name = 'ProcessFailedError';
  readonly exitCode: number;

  constructor(
    message: string,
    init: Omit<ToolErrorInit<BuilderErrorCode>, 'code'> & { readonly exitCode: number },
  ) {
    const { exitCode, ...rest } = init;
    super(message, { ...rest, code: 'BUILD_PROCESS_FAILED' });
    this.exitCode = exitCode;
  }
}
