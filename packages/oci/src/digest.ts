// SPDX-License-Identifier: MIT
import { OciError } from './oci-error.ts';

/** `<algorithm>:<lower-case hex>`, as in image-spec v1.1.1, descriptor.md, "Digests". */
export type Digest = `${string}:${string}`;

const HEX_LENGTHS: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** Tells whether `text` is a digest of a known algorithm (sha256, sha384, sha512) in canonical form. */
export function isDigest(text: string): text is Digest {
  const colon = text.indexOf(':');
  const length = HEX_LENGTHS[text.slice(0, colon)];
  const hex = text.slice(colon + 1);
  return length === hex.length && /^[0-9a-f]+$/.test(hex);
}

/**
 * Checks and returns a digest.
 *
 * @throws OciError `DIGEST_INVALID`
 */
export function parseDigest(text: string): Digest {
  if (!isDigest(text))
    throw new OciError(`invalid digest ${JSON.stringify(text)}`, { code: 'DIGEST_INVALID' });
  return text;
}

/** The algorithm of a digest, as Node's `crypto.createHash` names it. */
export function digestAlgorithm(digest: Digest): string {
  return digest.slice(0, digest.indexOf(':'));
}

/** The hexadecimal part of a digest. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}
