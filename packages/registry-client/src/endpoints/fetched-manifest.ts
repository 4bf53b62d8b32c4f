// SPDX-License-Identifier: MIT
import type { ResolvedManifest } from '@img-build/interfaces';
import type { Index, Manifest, MEDIA_TYPES } from '@img-build/oci';

/** A manifest or index, verified, as parsed members and as the exact bytes; its media type tells which. */
export type FetchedManifest = ResolvedManifest &
  (
    | {
        readonly mediaType: typeof MEDIA_TYPES.ociManifest | typeof MEDIA_TYPES.dockerManifest;
        readonly kind: 'manifest';
        readonly manifest: Manifest;
      }
    | {
        readonly mediaType: typeof MEDIA_TYPES.ociIndex | typeof MEDIA_TYPES.dockerManifestList;
        readonly kind: 'index';
        readonly index: Index;
      }
  );
