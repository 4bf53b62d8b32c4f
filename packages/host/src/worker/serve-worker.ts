// SPDX-License-Identifier: MIT
import { Socket } from 'node:net';
import { loadNativeLibrary } from '../calls/native-library.ts';
import type { RpcMethods } from '../rpc/method.ts';
import { createRpcServer } from '../rpc/server.ts';

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
/** Milliseconds methods get to clean up when the main process is gone. */
const GRACE = 2500;

/**
 * Main program of a worker started by `spawnWorkerProcess`: serves `methods` on file descriptor 3 and exits when the
 * other end is gone, after the methods in flight have cleaned up (2.5 seconds at most). Never resolves.
 */
export async function serveWorker<Methods extends RpcMethods<Methods>>(methods: Methods): Promise<never> {
  // What unshare(1) asked for was forgotten when this program gained its capabilities, see prctl(2).
  loadNativeLibrary().bind('int prctl(int option, unsigned long value)')(PR_SET_PDEATHSIG, SIGKILL);
  const channel = new Socket({ fd: 3, readable: true, writable: true });
  const gone = new Promise<void>((resolve) => channel.once('close', resolve).once('end', resolve));
  const server = createRpcServer(channel, methods);
  await gone;
  const timer = setTimeout(() => process.exit(1), GRACE);
  await server.closed;
  clearTimeout(timer);
  process.exit(0);
}
