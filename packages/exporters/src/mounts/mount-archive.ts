// SPDX-License-Identifier: MIT
import type { ContentReader } from '@img-build/interfaces';
import { type Platform, writeUstar } from '@img-build/oci';
import { mountsLayout } from './folder-mounts.ts';
import { mountDocuments } from './mount-documents.ts';
import { mergeMounts, type SavedMount } from './saved-mount.ts';

/** Cache mounts as one tar, an OCI image layout; the same mounts give the same bytes. */
export function packMounts(
  mounts: readonly SavedMount[],
  content: ContentReader,
  platform: Platform,
): AsyncIterable<Uint8Array> {
  const sorted = mergeMounts([], mounts);
  return writeUstar(mountsLayout(mountDocuments(sorted, platform), sorted, content).entries);
}
