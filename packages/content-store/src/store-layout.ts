// SPDX-License-Identifier: MIT
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Digest, digestAlgorithm, digestHex, parseDigest } from '@img-build/oci';

/** Where things lie below the root of a store. */
export interface StoreLayout {
  readonly root: string;
  readonly blobs: string;
  readonly ingests: string;
  /** Path of a blob. @throws OciError `DIGEST_INVALID`, so that no digest ever leads outside the store. */
  blob(digest: Digest): string;
  /** A fresh path for bytes that are worth nothing once their writer is gone. */
  temporary(): string;
  /** The path of an ingest that outlives its writer. */
  resumable(id: string): string;
}

const TEMPORARY = 't-';

/** Tells whether a file of the ingest folder is useless without its writer. */
export function isTemporary(file: string): boolean {
  return file.startsWith(TEMPORARY);
}

/** The layout of image-spec v1.1.1, image-layout.md, "Blobs", plus a folder of unfinished files beside it. */
export function storeLayout(root: string): StoreLayout {
  const blobs = join(root, 'blobs');
  const ingests = join(root, 'ingest');
  return {
    root,
    blobs,
    ingests,
    blob(digest) {
      parseDigest(digest);
      return join(blobs, digestAlgorithm(digest), digestHex(digest));
    },
    temporary: () => join(ingests, `${TEMPORARY}${randomUUID()}`),
    // Ids are free text of any length; a hash of one is always a good file name.
    resumable: (id) => join(ingests, `r-${createHash('sha256').update(id).digest('hex')}`),
  };
}
