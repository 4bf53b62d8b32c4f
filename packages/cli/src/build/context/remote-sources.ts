// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { AbortOptions } from '@img-build/interfaces';
import type { GitSource, HttpSource } from '@img-build/sources';
import type { Services } from '../../wiring/services.ts';
import type { BuildInputOptions } from '../build-input.ts';

/** Repositories and downloads of one build: what was fetched for the Dockerfile is not fetched again for the build. */
export interface RemoteSources {
  open(): Promise<{ readonly git: GitSource; readonly http: HttpSource }>;
  /** Removes the trees; what was fetched is kept for other builds. */
  close(): void;
}

/** Milliseconds after which nobody uses the trees of a build that did not remove them. */
const STALE = 24 * 60 * 60 * 1000;

/** Held shared by builds that use what is kept, and alone by who removes it. */
const LOCK = 'sources';

/** Where fetched repositories and downloads are kept. */
function keptFolder(services: Pick<Services, 'state'>): string {
  return join(services.state(), 'sources');
}

/** Removes what was kept for later builds, unless one is using it; it can be fetched again. */
export async function removeKeptSources(services: Services, options: AbortOptions): Promise<void> {
  const folder = keptFolder(services);
  if (namesIn(folder).length === 0) return;
  const [{ tryAcquire }, locks] = await Promise.all([import('@img-build/worker'), services.locks()]);
  const release = await tryAcquire(locks, LOCK, options);
  if (release === undefined) return;
  rmSync(folder, { recursive: true, force: true });
  release();
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
    release = await locks.acquire(LOCK, { shared: true, signal });
    removeStale(trees);
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

/** Trees of builds that were killed. */
function removeStale(trees: string): void {
  for (const name of namesIn(trees)) {
    const path = join(trees, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined && stats.mtimeMs < Date.now() - STALE)
      rmSync(path, { recursive: true, force: true });
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}
