// SPDX-License-Identifier: MIT
import type { CacheKeyStore } from '@img-build/interfaces';
import type { MemoryKeys } from './memory-keys.ts';

/** Keys of the store together with those of imported caches. */
export interface LayeredKeys extends CacheKeyStore {
  /** Makes the store know the imported keys of a result, and what leads to them. */
  adopt(id: string): void;
}

/** Reads both, and writes to the store; of what is imported, the store learns what it gets results for. */
export function createLayeredKeys(stored: CacheKeyStore, imported: MemoryKeys): LayeredKeys {
  const adopted = new Set<string>();

  /** Links of all that leads to `key`, inputs last: who finds one of them finds the others. */
  function adoptKey(key: string): void {
    const queue = [key];
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      if (adopted.has(at)) continue;
      adopted.add(at);
      for (const { source, link } of imported.backlinks(at)) {
        stored.addLink(source, link, at);
        queue.push(source);
      }
    }
  }

  return {
    exists: (key) => stored.exists(key) || imported.exists(key),
    results: (key) => [
      ...stored.results(key),
      ...imported.results(key).map((entry) => ({ ...entry, imported: true })),
    ],
    addResult(key, result) {
      adoptKey(key);
      stored.addResult(key, result);
    },
    releaseResult(id) {
      stored.releaseResult(id);
      imported.releaseResult(id);
    },
    targets: (key, link) => [...new Set([...stored.targets(key, link), ...imported.targets(key, link)])],
    addLink(key, link, target) {
      // A key that has no result in the store would be a dead end there.
      if (imported.exists(target) && !adopted.has(target)) imported.addLink(key, link, target);
      else stored.addLink(key, link, target);
    },
    backlinks(key) {
      const known = new Map(
        [...imported.backlinks(key), ...stored.backlinks(key)].map((backlink) => [
          JSON.stringify([
            backlink.source,
            backlink.link.input,
            backlink.link.digest,
            backlink.link.selector,
          ]),
          backlink,
        ]),
      );
      return [...known.values()];
    },
    transaction: (work) => stored.transaction(work),
    adopt(id) {
      const keys = imported.keysOf(id);
      if (keys.length === 0) return;
      stored.transaction(() => {
        for (const key of keys) {
          const entry = imported.results(key).find((each) => each.id === id);
          adoptKey(key);
          if (entry !== undefined) stored.addResult(key, entry);
        }
      });
    },
  };
}
