// SPDX-License-Identifier: MIT
import { posix } from 'node:path';
import { type Definition, parseDefinition } from '@img-build/llb';

/** The ids of the cache mounts that the steps of a definition use, whether they are cached or not; sorted. */
export function cacheMountIds(definition: Definition): readonly string[] {
  const ids = new Set<string>();
  for (const { op } of parseDefinition(definition).ops.values()) {
    if (op.type !== 'exec') continue;
    for (const { mountType, cacheOpt, dest } of op.exec.mounts) {
      if (mountType !== 'cache') continue;
      ids.add(cacheMountName(cacheOpt?.id ?? '', posix.resolve(op.exec.meta.cwd || '/', dest)));
    }
  }
  return [...ids].sort();
}

/**
 * What a cache mount is called here. In a build graph `/` stands between the namespace, mostly none, and the id, which is
 * the target's path when the Dockerfile gave none.
 */
export function cacheMountName(id: string, target: string): string {
  if (id === '') return target;
  const name = posix.normalize(id.startsWith('/') ? id.slice(1) : id);
  return name.length > 1 && name.endsWith('/') ? name.slice(0, -1) : name;
}
