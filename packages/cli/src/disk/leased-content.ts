// SPDX-License-Identifier: MIT
import type { ContentStore, Lease } from '@img-build/interfaces';

/** A content store whose blobs are protected by a lease before they are looked for: what is found stays. */
export function leasedContent(content: ContentStore, lease: Lease): ContentStore {
  return {
    info(digest) {
      lease.addBlobs([digest]);
      return content.info(digest);
    },
    open(digest, options) {
      lease.addBlobs([digest]);
      return content.open(digest, options);
    },
    read(digest, limit, options) {
      lease.addBlobs([digest]);
      return content.read(digest, limit, options);
    },
    ingest: (mediaType, source, options) => content.ingest(mediaType, source, options),
    resume: (id, options) => content.resume(id, options),
    walk: (options) => content.walk(options),
    remove: (digest) => content.remove(digest),
  };
}
