// SPDX-License-Identifier: MIT
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkerProcessSettings } from '@img-build/worker/process';

/** The program of the worker: the other entry of this one, beside it in the source, in `dist` and in the bundle. */
export function workerCommand(settings: WorkerProcessSettings): readonly [string, ...string[]] {
  const entry = fileURLToPath(new URL(`./worker-main${extname(import.meta.url)}`, import.meta.url));
  return [process.execPath, ...process.execArgv, entry, JSON.stringify(settings)];
}

/** Where container runtimes live on systems that leave these folders out of a normal user's PATH. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The worker makes no connection: what only slows its start is left out. */
export function workerEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _certificates, NODE_OPTIONS: _options, ...rest } = env;
  const path = (env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin').split(':');
  return { ...rest, PATH: [...path, ...SYSTEM_FOLDERS.filter((folder) => !path.includes(folder))].join(':') };
}
