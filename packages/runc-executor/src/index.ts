// SPDX-License-Identifier: MIT
export { ExecutorError, type ExecutorErrorCode } from './executor-error.ts';
export { createRuncExecutor, type RuncExecutorOptions } from './runc-executor.ts';
