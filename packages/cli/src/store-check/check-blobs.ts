// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { isToolError } from '@img-build/errors';
import type { AbortOptions, ContentStore } from '@img-build/interfaces';
import { type Digest, digestAlgorithm } from '@img-build/oci';
import { corruption, type StoreProblem } from './problem.ts';

/** The blobs of a store. */
export interface BlobSurvey {
  /** Bytes by digest, of blobs that are there. */
  readonly sizes: ReadonlyMap<string, number>;
  readonly damaged: readonly Digest[];
}

/** Lists all blobs, and reads those that `reads` says: all of them, or some that looked damaged before. */
export async function surveyBlobs(
  content: ContentStore,
  { reads, signal }: AbortOptions & { readonly reads: (digest: Digest) => boolean },
): Promise<BlobSurvey> {
  const sizes = new Map<string, number>();
  const damaged: Digest[] = [];
  for await (const { digest, size } of content.walk({ signal })) {
    sizes.set(digest, size);
    if (reads(digest) && !(await isIntact(content, digest, { signal }))) damaged.push(digest);
  }
  return { sizes, damaged };
}

/** Problems of the blobs alone. */
export function blobProblems({ sizes, damaged }: BlobSurvey): readonly StoreProblem[] {
  return damaged.map((digest) =>
    corruption(
      'blob-damaged',
      digest,
      `the ${sizes.get(digest) ?? 0} bytes of this blob are not what its name says`,
    ),
  );
}

async function isIntact(content: ContentStore, digest: Digest, options: AbortOptions): Promise<boolean> {
  const algorithm = digestAlgorithm(digest);
  const hash = createHash(algorithm);
  try {
    for await (const chunk of content.open(digest, options)) hash.update(chunk);
  } catch (error) {
    // Somebody removed it, which is no damage; who needs it is told elsewhere.
    if (isToolError(error, 'CONTENT_NOT_FOUND')) return true;
    throw error;
  }
  return digest === `${algorithm}:${hash.digest('hex')}`;
}
