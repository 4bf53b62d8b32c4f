// SPDX-License-Identifier: MIT
import type { CacheRecord } from '@img-build/interfaces';
import type { UsageRow } from '../../src/cache-usage.ts';

/** A row that nothing uses, 10 bytes large, never used, unless told otherwise. */
export function row(record: Partial<CacheRecord> = {}, facts: Partial<UsageRow> = {}): UsageRow {
  const size = facts.size ?? 10;
  return {
    record: {
      id: 'a',
      type: 'regular',
      description: 'copy /a /a',
      createdAt: 0,
      lastUsedAt: 0,
      usageCount: 1,
      ...record,
    },
    freed: size,
    reclaimable: true,
    inUse: false,
    mutable: false,
    shared: false,
    ...facts,
    size,
  };
}
