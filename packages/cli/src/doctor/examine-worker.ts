// SPDX-License-Identifier: MIT
import { isToolError, messageOf } from '@img-build/errors';
import type { AbortOptions } from '@img-build/interfaces';
import type { Services } from '../wiring/services.ts';
import { type Finding, findingFrom } from './finding.ts';

/** Starts the worker, which tries for real what the other examinations only look at. */
export async function examineWorker(
  services: Pick<Services, 'worker' | 'env' | 'state'>,
  { signal }: AbortOptions,
): Promise<readonly Finding[]> {
  let backend: string;
  try {
    backend = await (await services.worker()).backend({ signal });
  } catch (error) {
    signal?.throwIfAborted();
    return [findingFrom('error', 'worker', error)];
  }
  const started: Finding = { severity: 'ok', subject: 'worker', message: 'starts in its namespaces' };
  if (backend === 'overlayfs')
    return [started, { severity: 'ok', subject: 'snapshots', message: 'overlayfs' }];
  const why = await reasonAgainstOverlays(services, { signal });
  if (why === undefined)
    return [started, { severity: 'ok', subject: 'snapshots', message: `${backend}, as it was asked for` }];
  return [
    started,
    {
      severity: 'warning',
      subject: 'snapshots',
      message: `${backend}, which copies every layer, because ${why}`,
      hint: 'use a --state folder on ext4, xfs, btrfs or tmpfs, and Linux 5.11 or later',
    },
  ];
}

/** A worker that is told to use overlayfs says why it cannot; `undefined` when it can. */
async function reasonAgainstOverlays(
  { env, state }: Pick<Services, 'env' | 'state'>,
  { signal }: AbortOptions,
): Promise<string | undefined> {
  const [{ createRemoteWorker }, { workerCommand, workerEnvironment }] = await Promise.all([
    import('@img-build/worker'),
    import('../worker-command.ts'),
  ]);
  const worker = createRemoteWorker({
    command: workerCommand({ state: state(), backend: 'overlayfs' }),
    env: workerEnvironment(env),
  });
  try {
    await worker.backend({ signal });
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (!isToolError(error)) throw error;
    return messageOf(error);
  } finally {
    await worker.close();
  }
}
