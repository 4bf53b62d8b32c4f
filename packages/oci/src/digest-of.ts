// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type { Digest } from './digest.ts';

/** The sha256 digest of `bytes`: the one every document and blob made here is named by. */
export function canonicalDigest(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/**
 * The chain id of each layer: what a snapshot of it with all layers below it is called.
 *
 * @param diffIds - digests of the uncompressed layers, lowest first.
 * @see image-spec v1.1.1, config.md, "Layer ChainID"
 */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : canonicalDigest(`${below} ${diffId}`));
  }
  return chain;
}

/** The chain id of the topmost layer; `undefined` for an image without layers, which has none. */
export function chainId(diffIds: readonly Digest[]): Digest | undefined {
  return chainIds(diffIds).at(-1);
}
