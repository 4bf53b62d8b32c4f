// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';

/** Reasons the metadata database refuses or fails an operation. */
export type MetadataErrorCode =
  | 'METADATA_BUSY'
  | 'METADATA_CORRUPT'
  | 'METADATA_FAILED'
  | 'METADATA_NO_SPACE'
  | 'METADATA_NO_WAL'
  | 'METADATA_TOO_NEW'
  | 'METADATA_UNUSABLE'
  | 'SNAPSHOT_EXISTS'
  | 'SNAPSHOT_IN_USE'
  | 'SNAPSHOT_NOT_ACTIVE'
  | 'SNAPSHOT_NOT_COMMITTED'
  | 'SNAPSHOT_NOT_FOUND';

/** Thrown by every store of this package. */
export class MetadataError extends ToolError<MetadataErrorCode> {
  override readonly name = 'MetadataError';
}

const NO_SPACE = {
  code: 'METADATA_NO_SPACE',
  text: 'cannot grow: no space left',
  hint: 'Free disk space, for example with "img prune".',
} as const;

// Result codes of SQLite, https://sqlite.org/rescode.html; extended codes keep the primary one in the low byte.
const CONDITIONS: Readonly<
  Record<number, { readonly code: MetadataErrorCode; readonly text: string; readonly hint?: string }>
> = {
  5: {
    code: 'METADATA_BUSY',
    text: 'is locked by another process',
    hint: 'Wait for the other build to end, then try again.',
  },
  8: { code: 'METADATA_UNUSABLE', text: 'is not writable' },
  11: {
    code: 'METADATA_CORRUPT',
    text: 'is damaged',
    hint: 'Move the file away; images and cache must be built again.',
  },
  13: NO_SPACE,
  // SQLITE_IOERR_SHMSIZE: the index of the write-ahead log could not be made.
  4874: NO_SPACE,
  14: { code: 'METADATA_UNUSABLE', text: 'cannot be opened' },
  26: {
    code: 'METADATA_CORRUPT',
    text: 'is not a database',
    hint: 'Move the file away; images and cache must be built again.',
  },
};

/** Turns an error of SQLite or the file system into a {@link MetadataError}; passes those on that are one already. */
export function metadataErrorFrom(cause: unknown, path: string): unknown {
  const facts = cause as { readonly code?: unknown; readonly errcode?: unknown; readonly message?: unknown };
  if (typeof facts !== 'object' || facts === null) return cause;
  if (facts.code === 'ERR_SQLITE_ERROR') {
    const errcode = Number(facts.errcode);
    const condition = CONDITIONS[errcode] ?? CONDITIONS[errcode & 0xff];
    if (condition === undefined)
      return new MetadataError(`database ${path}: ${String(facts.message)}`, {
        code: 'METADATA_FAILED',
        cause,
      });
    return new MetadataError(`database ${path} ${condition.text}`, {
      code: condition.code,
      hint: condition.hint,
      cause,
    });
  }
  return cause;
}
