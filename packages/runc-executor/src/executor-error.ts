// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';

/** Reasons a container could not run. */
export type ExecutorErrorCode =
  | 'EXECUTOR_RUNTIME_MISSING'
  | 'EXECUTOR_START_FAILED'
  | 'EXECUTOR_COMMAND_NOT_FOUND'
  | 'EXECUTOR_LIMIT_REFUSED'
  | 'EXECUTOR_CGROUP_UNAVAILABLE';

/** Thrown by the executor; a command that ran and failed is a result instead. */
export class ExecutorError extends ToolError<ExecutorErrorCode> {
  override readonly name = 'ExecutorError';
}
