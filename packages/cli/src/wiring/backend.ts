// SPDX-License-Identifier: MIT
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { RemoteWorker } from '@img-build/worker';
import { BACKENDS } from '../global-flags.ts';

/** What the user asked for. */
export type BackendChoice = (typeof BACKENDS)[number];

interface Remembered {
  readonly boot: string;
  readonly uid: number;
  readonly backend: string;
}

/**
 * The snapshotter that `auto` means on this machine. Only the worker can try overlayfs; its answer is kept until the
 * next boot, so that a build that finds everything in the cache needs no worker.
 */
export async function findBackend(
  state: string,
  choice: BackendChoice,
  worker: () => Promise<Pick<RemoteWorker, 'backend'>>,
): Promise<string> {
  const known = knownBackend(state, choice);
  if (known !== undefined) return known;
  const backend = await (await worker()).backend();
  const file = memoryFile(state);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, JSON.stringify({ ...machine(), backend } satisfies Remembered));
  renameSync(`${file}.${process.pid}`, file);
  return backend;
}

/** The snapshotter as far as it was named or found out since the machine started. */
export function knownBackend(state: string, choice: BackendChoice): string | undefined {
  if (choice !== 'auto') return choice;
  const [known, here] = [remembered(memoryFile(state)), machine()];
  return known.boot === here.boot && known.uid === here.uid ? known.backend : undefined;
}

function memoryFile(state: string): string {
  return join(state, 'snapshots', 'backend.json');
}

function machine(): Pick<Remembered, 'boot' | 'uid'> {
  return {
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    uid: process.getuid?.() ?? 0,
  };
}

function remembered(file: string): Partial<Remembered> {
  try {
    const known = JSON.parse(readFileSync(file, 'utf8')) as Partial<Remembered> | null;
    return BACKENDS.some((each) => each !== 'auto' && each === known?.backend) ? (known ?? {}) : {};
  } catch (error) {
    // Written by an older version, or half: asked again.
    if (isSystemError(error, 'ENOENT') || error instanceof SyntaxError) return {};
    throw error;
  }
}
