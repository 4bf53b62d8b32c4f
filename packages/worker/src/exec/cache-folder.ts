// SPDX-License-Identifier: MIT
import type { Mount } from '@img-build/interfaces';
import { WorkerError } from '../worker-error.ts';

/** The folder of an active snapshot without a parent. */
export function bindSource(mounts: readonly Mount[]): string {
  const [only] = mounts;
  if (mounts.length !== 1 || only?.type !== 'bind') {
    throw new WorkerError('a cache mount needs a folder of its own', { code: 'EXEC_MOUNT_INVALID' });
  }
  return only.source;
}
