// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type { Digest } from '@img-build/oci';

/** Output number that marks a content-based key. */
const CONTENT_OUTPUT = -1;

/**
 * The record digest of an operation's output, in BuildKit's form: sha256 of `<cache map digest>@<output>`. It is the
 * whole key of a vertex without inputs.
 */
export function recordDigest(cacheMap: Digest, output: number): Digest {
  return sha256(`${cacheMap}@${output}`);
}

/** The key of content, wherever it came from. */
export function contentKey(content: Digest): Digest {
  return recordDigest(content, CONTENT_OUTPUT);
}

/** What one input adds to {@link derivedKey}. */
export interface KeyPart {
  /** The content key where there is one, else a key of the input. */
  readonly key: string;
  readonly selector?: Digest | undefined;
}

/**
 * Names a key with inputs. Only the links say what such a key means; its name is derived from them, so that two
 * processes that do the same work at the same time file it under the same key.
 */
export function derivedKey(record: Digest, parts: readonly KeyPart[]): Digest {
  return sha256(JSON.stringify([record, ...parts.map(({ key, selector }) => [key, selector ?? ''])]));
}

/** Digests of the algorithm `random` identify something inside one build only; nothing is stored under them. */
export function isEphemeral(digest: Digest): boolean {
  return digest.startsWith('random:');
}

function sha256(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
