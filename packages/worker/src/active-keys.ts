// SPDX-License-Identifier: MIT
import type { Locks, Snapshotter } from '@img-build/interfaces';
import { tryAcquire } from './try-acquire.ts';

/** Keys of the snapshots a worker is changing or looking at. */
export interface ActiveKeys {
  /** A key nobody else uses. */
  next(): string;
}

const KEY = /^work-(\d+)-\d+$/;

/**
 * Keys of this worker. A worker has a number, the lowest that is free, and holds a lock on it as long as it lives; what
 * a killed worker left unfinished is removed by the next one that finds its number free.
 */
export async function createActiveKeys(snapshotter: Snapshotter, locks: Locks): Promise<ActiveKeys> {
  const own = await takeNumber(locks);
  const left = Map.groupBy(await snapshotter.list(), ({ key }) => KEY.exec(key)?.[1] ?? '');
  for (const [number, snapshots] of left) {
    const release =
      number === String(own)
        ? () => {}
        : number === ''
          ? undefined
          : await tryAcquire(locks, lockName(number));
    if (release === undefined) continue;
    for (const { key } of snapshots) await snapshotter.remove(key);
    release();
  }
  let count = 0;
  return { next: () => `work-${own}-${count++}` };
}

/** The lock is never released: it goes with the process. */
async function takeNumber(locks: Locks): Promise<number> {
  for (let number = 0; ; number++) {
    if ((await tryAcquire(locks, lockName(number))) !== undefined) return number;
  }
}

function lockName(number: number | string): string {
  return `worker-${number}`;
}
