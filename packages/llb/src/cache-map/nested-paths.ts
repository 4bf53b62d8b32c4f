// SPDX-License-Identifier: MIT

/** Drops paths that lie below another one of the list; the rest is sorted by bytes. A list of one stays as it is. */
export function withoutNestedPaths(paths: readonly string[]): readonly string[] {
  if (paths.length < 2) return paths;
  const unique = [...new Set(paths)];
  const kept = unique.filter(
    (path) =>
      !unique.some((other) => other !== path && path.startsWith(other.endsWith('/') ? other : `${other}/`)),
  );
  return kept.sort(compareBytes);
}

/** Orders texts by the bytes of their UTF-8, as Go does. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
