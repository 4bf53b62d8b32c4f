// SPDX-License-Identifier: MIT
import type { Digest } from './digest.ts';
import type { Platform } from './platform.ts';

/**
 * Points at content by media type, digest and size.
 *
 * @see image-spec v1.1.1, descriptor.md
 */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes of the content. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly urls?: readonly string[];
  readonly platform?: Platform;
  readonly artifactType?: string;
  /** Base64 of the content itself; only to be trusted after size and digest were checked. */
  readonly data?: string;
}
