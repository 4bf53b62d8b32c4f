// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';

/** Why the host refuses something, or what it lacks. */
export type HostErrorCode =
  | 'HOST_NATIVE_MISSING'
  | 'UNSHARE_MISSING'
  | 'USERNS_FORBIDDEN'
  | 'USERNS_LIMIT'
  | 'NEWUIDMAP_MISSING'
  | 'NEWUIDMAP_FORBIDDEN'
  | 'SUBIDS_MISSING'
  | 'USER_UNKNOWN'
  | 'WORKER_START_FAILED'
  | 'WORKER_DIED'
  | 'RPC_CLOSED'
  | 'RPC_FRAME_TOO_LARGE'
  | 'RPC_PROTOCOL'
  | 'RPC_METHOD_UNKNOWN'
  | 'SSH_AGENT_UNREACHABLE'
  | 'SSH_KEY_INVALID';

/** Thrown by everything in this package but the system calls, whose errors look like those of `node:fs`. */
export class HostError extends ToolError<HostErrorCode> {
  override readonly name = 'HostError';
}
