// SPDX-License-Identifier: MIT
export { serveWorkerProcess, type WorkerProcessSettings } from './serve-worker-process.ts';
