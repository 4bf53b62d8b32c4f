// SPDX-License-Identifier: MIT
export { createHostCalls } from './calls/host-calls.ts';
export { HostError, type HostErrorCode } from './host-error.ts';
export { createLocks, type LockFolder, type LocksOptions } from './locks/locks.ts';
export { diagnoseNamespaces, type NamespaceNeed } from './namespace/diagnosis.ts';
export { findProgram } from './namespace/find-program.ts';
export type { MappingMode } from './namespace/id-maps.ts';
export { type IdMapping, type IdRange, mappingOf, parseSubIds } from './namespace/sub-ids.ts';
export { type CallOptions, createRpcClient, type RpcClient, type RpcClientOptions } from './rpc/client.ts';
export type {
  CallName,
  EventOf,
  ParamsOf,
  ResultOf,
  RpcContext,
  RpcMethod,
  RpcMethods,
  RpcStreamMethod,
  StreamName,
} from './rpc/method.ts';
export { createRpcServer, type RpcServer } from './rpc/server.ts';
export { readSshPrivateKey, type SshPrivateKey } from './ssh/private-key.ts';
export { type ServedAgent, serveSshAgent } from './ssh/serve-agent.ts';
export { serveWorker } from './worker/serve-worker.ts';
export {
  spawnWorkerProcess,
  type WorkerProcess,
  type WorkerProcessOptions,
} from './worker/spawn-worker-process.ts';
