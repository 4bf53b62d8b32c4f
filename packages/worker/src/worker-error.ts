// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';

/** Reasons the worker fails an operation. */
export type WorkerErrorCode =
  | 'TREE_PATH_NOT_FOUND'
  | 'TREE_FILE_TOO_LARGE'
  | 'TREE_PATH_INVALID'
  | 'FILE_COPY_CONFLICT'
  | 'FILE_NOT_FOUND'
  | 'FILE_OWNER_UNKNOWN'
  | 'FILE_OWNER_UNMAPPED'
  | 'FILE_MODE_INVALID'
  | 'EXEC_USER_UNKNOWN'
  | 'EXEC_DEVICE_INVALID'
  | 'EXEC_DEVICE_UNKNOWN'
  | 'EXEC_DEVICE_UNSUPPORTED'
  | 'EXEC_MOUNT_INVALID'
  | 'EXEC_PLATFORM_UNSUPPORTED';

/** Thrown by the worker's operations. */
export class WorkerError extends ToolError<WorkerErrorCode> {
  override readonly name = 'WorkerError';
}
