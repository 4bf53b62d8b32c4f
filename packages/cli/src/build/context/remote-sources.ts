// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { AbortOptions } from '@img-build/interfaces';
import type { GitSource, HttpSource } from '@img-build/sources';
import type { Services } from '../../wiring/services.ts';
import type { BuildInputOptions } from '../build-input.ts';
import { keptFolder, SOURCES_LOCK } from './kept-folder.ts';

/** Repositories and downloads of one build: what was fetched for the Dockerfile is not fetched again for the build. */
export interface RemoteSources {
  open(): Promise<{ readonly git: GitSource; readonly http: HttpSource }>;
  /** Removes the trees; what was fetched is kept for other builds. */
  close(): void;
}

/** Removes a folder when no build is running. */
async function removeUnused(folder: string, services: Services, options: AbortOptions): Promise<void> {
  if (isEmpty(folder)) return;
  const [{ tryAcquire }, locks] = await Promise.all([import('@img-build/worker'), services.locks()]);
  const release = await tryAcquire(locks, SOURCES_LOCK, options);
  if (release === undefined) return;
  try {
    rmSync(folder, { recursive: true, force: true });
  } finally {
    release();
  }
}

/** Nothing is made before something is opened. */
export function createRemoteSources({ services, secrets, signal }: BuildInputOptions): RemoteSources {
  let opened: ReturnType<RemoteSources['open']> | undefined;
  let release: (() => void) | undefined;
  const id = randomUUID();

  async function open(): ReturnType<RemoteSources['open']> {
    const folder = keptFolder(services);
    const trees = join(folder, 'trees');
    const [{ createGitSource, createHttpSource }, locks] = await Promise.all([
      import('@img-build/sources'),
      services.locks(),
    ]);
    // Trees of builds that were killed.
    await removeUnused(trees, services, { signal });
    release = await locks.acquire(SOURCES_LOCK, { shared: true, signal });
    const shared = { secrets, env: services.env, scratch: join(trees, id) };
    return {
      git: createGitSource({ ...shared, folder: join(folder, 'git'), locks }),
      http: createHttpSource({ ...shared, folder: join(folder, 'http') }),
    };
  }

  return {
    open: () => (opened ??= open()),
    close() {
      if (release === undefined) return;
      rmSync(join(keptFolder(services), 'trees', id), { recursive: true, force: true });
      release();
    },
  };
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return true;
    throw error;
  }
}
