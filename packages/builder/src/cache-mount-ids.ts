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
      const { id = '' } = cacheOpt ?? {};
      ids.add(id === '' ? posix.resolve(op.exec.meta.cwd || '/', dest) : id);
    }
  }
  return [...ids].sort();
}
