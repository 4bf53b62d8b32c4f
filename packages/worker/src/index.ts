// SPDX-License-Identifier: MIT
export { createRemoteWorker, type RemoteWorker, type RemoteWorkerOptions } from './remote-worker.ts';
export { tryAcquire } from './try-acquire.ts';
export { WorkerError, type WorkerErrorCode } from './worker-error.ts';
export type { ByteProgress, OutputChunk, WorkerMethods } from './worker-methods.ts';
