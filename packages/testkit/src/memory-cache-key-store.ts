// SPDX-License-Identifier: MIT
import type { CacheKeyStore, CacheLink, CacheResultEntry } from '@img-build/interfaces';

interface StoredLink {
  readonly link: CacheLink;
  readonly targets: Set<string>;
}

/** Cache keys in memory, with the same guarantees as a database, for tests. */
export function createMemoryCacheKeyStore(): CacheKeyStore {
  const results = new Map<string, Map<string, CacheResultEntry>>();
  const links = new Map<string, Map<string, StoredLink>>();
  const journal: (() => void)[] = [];
  let depth = 0;

  function change(step: () => void): void {
    journal.push(step);
    step();
  }

  /** Undoes by doing everything before it again: slow, but only a test rolls back. */
  function rollBack(length: number): void {
    journal.length = length;
    results.clear();
    links.clear();
    for (const step of journal) step();
  }

  const leadsSomewhere = (key: string): boolean =>
    (results.get(key)?.size ?? 0) > 0 || (links.get(key)?.size ?? 0) > 0;

  function backlinks(key: string): readonly { readonly source: string; readonly link: CacheLink }[] {
    const found = [];
    for (const [source, outgoing] of links) {
      for (const { link, targets } of outgoing.values()) if (targets.has(key)) found.push({ source, link });
    }
    return found;
  }

  function dropIfDead(key: string): void {
    if (leadsSomewhere(key)) return;
    for (const { source, link } of backlinks(key)) {
      const outgoing = links.get(source);
      const stored = outgoing?.get(nameOf(link));
      stored?.targets.delete(key);
      if (stored?.targets.size === 0) outgoing?.delete(nameOf(link));
      dropIfDead(source);
    }
  }

  function addResult(key: string, { id, createdAt }: CacheResultEntry): void {
    const entries = results.get(key) ?? new Map<string, CacheResultEntry>();
    results.set(
      key,
      entries.set(id, { id, createdAt: Math.max(createdAt, entries.get(id)?.createdAt ?? createdAt) }),
    );
  }

  function releaseResult(id: string): void {
    const released = [...results].filter(([, entries]) => entries.delete(id)).map(([key]) => key);
    for (const key of released) dropIfDead(key);
  }

  function addLink(key: string, link: CacheLink, target: string): void {
    const outgoing = links.get(key) ?? new Map<string, StoredLink>();
    const stored = outgoing.get(nameOf(link)) ?? { link: { ...link }, targets: new Set<string>() };
    stored.targets.add(target);
    links.set(key, outgoing.set(nameOf(link), stored));
  }

  return {
    exists: leadsSomewhere,
    results: (key) =>
      [...(results.get(key)?.values() ?? [])].sort(
        (a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1),
      ),
    addResult: (key, result) => change(() => addResult(key, result)),
    releaseResult: (id) => change(() => releaseResult(id)),
    targets: (key, link) => [...(links.get(key)?.get(nameOf(link))?.targets ?? [])].sort(),
    addLink: (key, link, target) => change(() => addLink(key, link, target)),
    backlinks,
    transaction(work) {
      if (depth > 0) return work();
      const length = journal.length;
      depth++;
      try {
        return work();
      } catch (error) {
        rollBack(length);
        throw error;
      } finally {
        depth--;
      }
    },
  };
}

function nameOf({ input, digest, selector }: CacheLink): string {
  return JSON.stringify([input, digest, selector ?? '']);
}
