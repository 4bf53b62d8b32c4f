// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { GitSource, HttpSource } from '@img-build/sources';
import type { BuildInputOptions } from '../build-input.ts';

/** Repositories and downloads of one build: what was fetched for the Dockerfile is not fetched again for the build. */
export interface RemoteSources {
  open(): Promise<{ readonly git: GitSource; readonly http: HttpSource }>;
  /** Removes the trees; what was fetched is kept for other builds. */
  close(): void;
}

/** Milliseconds after which nobody uses the trees of a build that did not remove them. */
const STALE = 24 * 60 * 60 * 1000;

/** Where fetched repositories and downloads are kept, below the state folder. */
export function fetchedFolder(state: string): string {
  return join(state, 'sources');
}

/** Nothing is made before something is opened. */
export function createRemoteSources({ services, secrets }: BuildInputOptions): RemoteSources {
  let opened: ReturnType<RemoteSources['open']> | undefined;
  const id = randomUUID();

  async function open(): ReturnType<RemoteSources['open']> {
    const folder = fetchedFolder(services.state());
    const trees = join(folder, 'trees');
    removeStale(trees);
    const [{ createGitSource, createHttpSource }, locks] = await Promise.all([
      import('@img-build/sources'),
      services.locks(),
    ]);
    const shared = { secrets, env: services.env, scratch: join(trees, id) };
    return {
      git: createGitSource({ ...shared, folder: join(folder, 'git'), locks }),
      http: createHttpSource({ ...shared, folder: join(folder, 'http') }),
    };
  }

  return {
    open: () => (opened ??= open()),
    close() {
      if (opened !== undefined)
        rmSync(join(fetchedFolder(services.state()), 'trees', id), { recursive: true, force: true });
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
