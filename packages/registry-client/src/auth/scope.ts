// SPDX-License-Identifier: MIT

/** What a token is wanted for: `repository:<path>:<action>[,<action>…]`. @see distribution token spec, scope.md */
export type Scope = string;

/** The scope to read a repository. */
export function pullScope(path: string): Scope {
  return `repository:${path}:pull`;
}

/** The scope to write a repository. */
export function pushScope(path: string): Scope {
  return `repository:${path}:pull,push`;
}

/** The scope to delete from a repository. */
export function deleteScope(path: string): Scope {
  return `repository:${path}:pull,push,delete`;
}

/** Splits the `scope` of a challenge. */
export function splitScopes(text: string | undefined): Scope[] {
  return (text ?? '').split(/\s+/).filter((scope) => scope !== '');
}

/**
 * One scope per resource with its actions merged and sorted; resources keep the order they were first named in, since
 * some token servers honour only the first.
 */
export function mergeScopes(scopes: readonly Scope[]): Scope[] {
  const actions = new Map<string, Set<string>>();
  for (const scope of scopes) {
    const colon = scope.lastIndexOf(':');
    const resource = colon < 0 ? scope : scope.slice(0, colon);
    const set = actions.get(resource) ?? new Set();
    actions.set(resource, set);
    if (colon >= 0) for (const action of scope.slice(colon + 1).split(',')) set.add(action);
  }
  return [...actions].map(([resource, set]) =>
    set.size === 0 ? resource : `${resource}:${[...set].sort().join(',')}`,
  );
}

/** Tells whether everything `wanted` names is in `granted`. */
export function coversScopes(granted: readonly Scope[], wanted: readonly Scope[]): boolean {
  const all = mergeScopes(granted).toSorted().join(' ');
  return (
    mergeScopes([...granted, ...wanted])
      .toSorted()
      .join(' ') === all
  );
}
