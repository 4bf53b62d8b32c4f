// SPDX-License-Identifier: MIT
export { cacheMountKey, restoredCacheMountKey } from './exec/cache-mount-key.ts';
export { createRemoteWorker, type RemoteWorker, type RemoteWorkerOptions } from './remote-worker.ts';
export { tryAcquire } from './try-acquire.ts';
export { WorkerError, type WorkerErrorCode } from './worker-error.ts';
export type { ByteProgress, OutputChunk, WorkerMethods } from './worker-methods.ts';
