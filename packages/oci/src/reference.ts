// SPDX-License-Identifier: MIT
import type { Digest } from './digest.ts';

/**
 * A parsed, normalised image name. @see distribution/reference grammar
 */
export interface Reference {
  /** Registry host with optional port; `docker.io` for Docker Hub. */
  readonly domain: string;
  /** Repository path, with `library/` filled in for Docker Hub. */
  readonly path: string;
  /** `latest` when neither tag nor digest was written. */
  readonly tag?: string;
  /** Wins over the tag when both are present. */
  readonly digest?: Digest;
}
