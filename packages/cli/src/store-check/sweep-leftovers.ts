// SPDX-License-Identifier: MIT
import type { Services } from '../wiring/services.ts';
import { removeTemporaryFiles } from './temporary-files.ts';

/**
 * Removes what killed processes left, as far as that needs no worker: the worker sweeps the snapshots when it starts. What
 * living processes hold stays, and so do downloads of the last day, which can be gone on with.
 */
export async function sweepLeftovers(
  services: Pick<Services, 'state' | 'content' | 'locks' | 'metadata'>,
): Promise<void> {
  const [content, locks, metadata] = await Promise.all([
    services.content(),
    services.locks(),
    services.metadata(),
  ]);
  await content.sweep();
  locks.sweep();
  // Asking who lives forgets the dead.
  metadata.leases.list();
  removeTemporaryFiles(services.state());
}
