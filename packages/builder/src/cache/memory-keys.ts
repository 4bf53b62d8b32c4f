// SPDX-License-Identifier: MIT
import type { CacheKeyStore, CacheLink, CacheResultEntry } from '@img-build/interfaces';

/** Cache keys that last as long as a build. */
export interface MemoryKeys extends CacheKeyStore {
  /** Keys under which a result is stored. */
  keysOf(id: string): readonly string[];
}

interface Key {
  readonly results: Map<string, CacheResultEntry>;
  /** By the name of the link. */
  readonly links: Map<string, Map<string, Key>>;
  /** By the names of the link and of the source. */
  readonly backlinks: Map<string, { readonly source: string; readonly link: CacheLink; readonly from: Key }>;
  readonly name: string;
}

/** Makes an empty store. A transaction that fails leaves what it did before. */
export function createMemoryKeys(): MemoryKeys {
  const keys = new Map<string, Key>();
  const byResult = new Map<string, Set<Key>>();

  function keyOf(name: string): Key {
    let key = keys.get(name);
    if (key === undefined) {
      key = { name, results: new Map(), links: new Map(), backlinks: new Map() };
      keys.set(name, key);
    }
    return key;
  }

  /** A key that leads nowhere goes, and so may those before it. */
  function dropDead(suspects: readonly Key[]): void {
    const queue = [...suspects];
    for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
      if (key.results.size > 0 || key.links.size > 0) continue;
      for (const { link, from } of key.backlinks.values()) {
        const targets = from.links.get(nameOf(link));
        targets?.delete(key.name);
        if (targets?.size === 0) from.links.delete(nameOf(link));
        queue.push(from);
      }
      keys.delete(key.name);
    }
  }

  return {
    exists(name) {
      const key = keys.get(name);
      return key !== undefined && (key.results.size > 0 || key.links.size > 0);
    },
    results: (name) => [...(keys.get(name)?.results.values() ?? [])].sort(newestFirst),
    addResult(name, { id, createdAt }) {
      const key = keyOf(name);
      const known = key.results.get(id);
      key.results.set(id, { id, createdAt: Math.max(createdAt, known?.createdAt ?? createdAt) });
      byResult.set(id, (byResult.get(id) ?? new Set()).add(key));
    },
    releaseResult(id) {
      const released = [...(byResult.get(id) ?? [])];
      byResult.delete(id);
      for (const key of released) key.results.delete(id);
      dropDead(released);
    },
    targets: (name, link) => [...(keys.get(name)?.links.get(nameOf(link))?.keys() ?? [])].sort(),
    addLink(name, link, target) {
      const [from, to, how] = [keyOf(name), keyOf(target), nameOf(link)];
      const targets = from.links.get(how) ?? new Map<string, Key>();
      from.links.set(how, targets.set(target, to));
      to.backlinks.set(`${how} ${name}`, { source: name, link, from });
    },
    backlinks: (name) =>
      [...(keys.get(name)?.backlinks.values() ?? [])].map(({ source, link }) => ({ source, link })),
    transaction: (work) => work(),
    keysOf: (id) => [...(byResult.get(id) ?? [])].map(({ name }) => name),
  };
}

function nameOf({ input, digest, selector }: CacheLink): string {
  return `${input} ${digest} ${selector ?? ''}`;
}

function newestFirst(a: CacheResultEntry, b: CacheResultEntry): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1);
}
