// SPDX-License-Identifier: MIT
import type { RpcMethod, RpcStreamMethod } from '../../src/index.ts';

/** What the test worker says about itself. */
export interface WorkerFacts {
  readonly pid: number;
  readonly uid: number;
  readonly uidMap: string;
  readonly gidMap: string;
  readonly session: number;
  readonly mounted: boolean;
  readonly processes: readonly string[];
}

/** Methods of the test worker. */
export interface TestMethods {
  readonly facts: RpcMethod<null, WorkerFacts>;
  readonly chown: RpcMethod<{ readonly path: string; readonly uid: number }, number>;
  readonly exit: RpcMethod<{ readonly code: number; readonly say: string }, void>;
  readonly spawnSleeper: RpcMethod<null, void>;
  readonly zeros: RpcStreamMethod<number>;
}
