// SPDX-License-Identifier: MIT
const RESERVED: ReadonlySet<string> = new Set(['scratch', 'context']);

/** Named contexts that were announced, by normal name. Made once per file, so that a look-up does not grow with them. */
export type ContextNames = ReadonlyMap<string, string>;

/** Reads the names of named contexts: `NAME`, or `NAME::os/arch` for one platform; the first of equal ones counts. */
export function contextNames(contexts: readonly string[] = []): ContextNames {
  const names = new Map<string, string>();
  for (const context of contexts) {
    const name = normalName(context);
    if (!names.has(name)) names.set(name, context);
  }
  return names;
}

/**
 * The named context that stands for `name`: one for the platform before one for all.
 *
 * @returns its name as announced; `null` when there is none.
 */
export function findContext(contexts: ContextNames, name: string, platform: string): string | null {
  if (contexts.size === 0 || RESERVED.has(name.toLowerCase())) return null;
  const wanted = normalName(name);
  return contexts.get(`${wanted}::${platform}`) ?? contexts.get(wanted) ?? null;
}

/** `docker.io/library/alpine:latest` and `alpine` are the same name. */
function normalName(written: string): string {
  const cut = written.indexOf('::');
  const name = cut < 0 ? written : written.slice(0, cut);
  const platform = cut < 0 ? '' : written.slice(cut);
  return name.replace(/^(?:index\.)?docker\.io\/(?:library\/)?/, '').replace(/:latest$/, '') + platform;
}
