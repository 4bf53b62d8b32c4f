// SPDX-License-Identifier: MIT
import { ExporterError } from '../exporter-error.ts';

/** The error for a cache that breaks its format. */
export function brokenCache(why: string, cause?: unknown): ExporterError {
  return new ExporterError(`invalid cache: ${why}`, {
    code: 'CACHE_INVALID',
    ...(cause === undefined ? {} : { cause }),
  });
}
