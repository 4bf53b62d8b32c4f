// SPDX-License-Identifier: MIT

/**
 * What of a local folder is needed, for `local.followpaths`: relative and sorted; `undefined` when that is everything,
 * or nothing is known.
 *
 * @param paths - rooted.
 */
export function followPaths(paths: ReadonlySet<string>): readonly string[] | undefined {
  if (paths.size === 0 || paths.has('/')) return undefined;
  return [...paths].map((path) => path.slice(1)).sort(compareBytes);
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
