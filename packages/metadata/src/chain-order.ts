// SPDX-License-Identifier: MIT

/** Something that may stand on another of its kind. */
export interface Link {
  readonly id: string;
  readonly parent?: string | undefined;
}

/** Ids of the items that `isMeant`, and of all those that they stand on. */
export function withParents<T extends Link>(
  items: readonly T[],
  isMeant: (item: T, index: number) => boolean,
): ReadonlySet<string> {
  const byId = new Map(items.map((item) => [item.id, item]));
  const found = new Set<string>();
  items.forEach((item, index) => {
    if (!isMeant(item, index)) return;
    for (let at: T | undefined = item; at !== undefined && !found.has(at.id); at = parentOf(at, byId))
      found.add(at.id);
  });
  return found;
}

/** The same items, none behind one that it stands on. */
export function childrenFirst<T extends Link>(items: readonly T[]): readonly T[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  const ordered = new Set<T>();
  for (const item of items) {
    const chain = new Set<T>();
    for (
      let at: T | undefined = item;
      at !== undefined && !ordered.has(at) && !chain.has(at);
      at = parentOf(at, byId)
    ) {
      chain.add(at);
    }
    for (const member of [...chain].reverse()) ordered.add(member);
  }
  return [...ordered].reverse();
}

function parentOf<T extends Link>({ parent }: T, byId: ReadonlyMap<string, T>): T | undefined {
  return parent === undefined ? undefined : byId.get(parent);
}
