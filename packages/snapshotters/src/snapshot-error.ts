// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';

/** Reasons a snapshotter refuses something. */
export type SnapshotErrorCode = 'SNAPSHOT_NOT_FOUND' | 'SNAPSHOT_BACKEND_UNAVAILABLE';

/** Thrown by every snapshotter; the book adds its own codes, see {@link SnapshotBook}. */
export class SnapshotError extends ToolError<SnapshotErrorCode> {
  override readonly name = 'SnapshotError';
}
