// SPDX-License-Identifier: MIT
import { deferred, local, type State } from '@img-build/llb';
import type { LowerOptions } from './options.ts';

/** The client's folder; `paths` is read when the graph is marshalled, after every instruction has added its own. */
export function createContext(
  { context = 'local:context', contextIgnore }: LowerOptions,
  paths: ReadonlySet<string>,
): State {
  const contextName = context.slice('local:'.length);
  return deferred(() =>
    local(contextName, {
      name: '[internal] load build context',
      excludePatterns: contextIgnore,
      followPaths: paths.has('/') ? undefined : [...paths].map((path) => path.slice(1)).sort(compareBytes),
      sharedKeyHint: contextName,
    }),
  );
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
