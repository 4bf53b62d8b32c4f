// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { isSystemError } from '@img-build/errors';

/** A range of ids of the host that a user may map. */
export interface IdRange {
  readonly start: number;
  readonly count: number;
}

/** One line of a uid_map or gid_map. */
export interface IdMapping {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

/** The kernel takes at most this many lines in a map (since Linux 4.15). */
const MAX_MAPPINGS = 340;

/**
 * Ranges a user owns in the text of /etc/subuid or /etc/subgid, whose lines start with a name or a numeric uid.
 * Malformed lines are skipped, as newuidmap does. See subuid(5).
 */
export function parseSubIds(
  text: string,
  user: { readonly name?: string | undefined; readonly uid: number },
): readonly IdRange[] {
  const ranges: IdRange[] = [];
  for (const line of text.split('\n')) {
    const match = /^([^:]+):(\d+):(\d+)\s*$/.exec(line);
    if (match === null || (match[1] !== user.name && match[1] !== String(user.uid))) continue;
    const range = { start: Number(match[2]), count: Number(match[3]) };
    if (range.count > 0 && range.start + range.count <= 0xffff_ffff) ranges.push(range);
  }
  return ranges;
}

/** Id 0 inside is the user; from 1 on come the ranges, one after the other. */
export function mappingOf(id: number, ranges: readonly IdRange[]): readonly IdMapping[] {
  let inside = 1;
  const mappings = [{ inside: 0, outside: id, count: 1 }];
  for (const { start, count } of ranges.slice(0, MAX_MAPPINGS - 1)) {
    mappings.push({ inside, outside: start, count });
    inside += count;
  }
  return mappings;
}

/** Text of a file; empty when it does not exist. */
export function readOptional(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'EACCES', 'ENOTDIR')) return '';
    throw error;
  }
}
