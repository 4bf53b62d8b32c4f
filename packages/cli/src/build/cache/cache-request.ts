// SPDX-License-Identifier: MIT
import type { ParsedArguments } from '../../command.ts';
import {
  type CacheExportSpec,
  type CacheImportSpec,
  parseCacheExport,
  parseCacheImport,
} from '../flags/cache-spec.ts';

/** Caches that the user wants to be read and written. */
export interface CacheRequest {
  readonly from: readonly CacheImportSpec[];
  readonly to: readonly CacheExportSpec[];
  readonly inline: boolean;
}

/** Scripts written for docker ask for an inline cache by this build argument. */
const INLINE_ARGUMENT = 'BUILDKIT_INLINE_CACHE';

/** Reads `--cache-from` and `--cache-to`; `undefined` when no cache is asked for. @throws UsageError, OciError */
export function cacheRequestFrom(
  args: ParsedArguments,
  buildArgs: Readonly<Record<string, string | undefined>>,
): CacheRequest | undefined {
  const cwd = process.cwd();
  const from = args.list('cache-from').map((text) => parseCacheImport(text, cwd));
  const all = args.list('cache-to').map((text) => parseCacheExport(text, cwd));
  const argument = buildArgs[INLINE_ARGUMENT];
  const inline = all.some(({ type }) => type === 'inline') || argument === '1' || argument === 'true';
  const to = all.filter(({ type }) => type !== 'inline');
  return from.length === 0 && to.length === 0 && !inline ? undefined : { from, to, inline };
}
