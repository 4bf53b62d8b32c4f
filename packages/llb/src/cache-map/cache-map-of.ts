// SPDX-License-Identifier: MIT
import type { ChecksumSelector } from '@img-build/interfaces';
import { type Digest, type GoValue, goJson } from '@img-build/oci';
import { sha256Digest } from '../codec.ts';
import { LlbError } from '../llb-error.ts';
import type { LlbPlatform, Op } from '../ops.ts';
import { messageToGoValue } from '../wire/go-value.ts';
import type { MessageType, MessageValue } from '../wire/message.ts';
import { DIFF_OP, MERGE_OP } from '../wire/schema.ts';
import { execCacheMap } from './exec-cache-map.ts';
import { fileCacheMap } from './file-cache-map.ts';

/** What one input contributes to an op's key. */
export interface OpDependency {
  /** Which part of the input is used. */
  readonly selector?: Digest | undefined;
  /** Parts whose content may stand for the input; absent where content may not. Never empty. */
  readonly content?: readonly ContentSelector[] | undefined;
}

/** A part of an input, for its content hash. */
export interface ContentSelector extends ChecksumSelector {
  /** Paths that must exist in the input. */
  readonly requiredPaths?: readonly string[] | undefined;
}

/** How an op is keyed. */
export interface OpCacheMap {
  /** sha256 of `preimage`. */
  readonly digest: Digest;
  /** The text that was hashed. */
  readonly preimage: string;
  /** One per input of the op. */
  readonly dependencies: readonly OpDependency[];
}

/**
 * The cache map of an exec, file, merge or diff op, with BuildKit's digests.
 *
 * @param fallbackPlatform - for exec ops that name no platform.
 * @throws LlbError `LLB_OP_INVALID` for other ops: a source's key comes from what it resolves to, see {@link sourceCacheDigest}
 */
export function cacheMapOf(op: Op, fallbackPlatform: LlbPlatform): OpCacheMap {
  switch (op.type) {
    case 'exec':
      return execCacheMap(op.exec, op.inputs.length, op.platform ?? fallbackPlatform);
    case 'file':
      return fileCacheMap(op.file, op.inputs.length);
    case 'merge':
      return plainCacheMap('merge', goMessage(MERGE_OP, op.merge), op.merge.inputs.length);
    case 'diff':
      return plainCacheMap('diff', goMessage(DIFF_OP, op.diff), op.inputs.length);
    default:
      throw new LlbError(`${op.type} op has no cache map of its own`, { code: 'LLB_OP_INVALID' });
  }
}

/** The cache map digest of a source whose content has this key. */
export function sourceCacheDigest(key: string): Digest {
  return sha256Digest(`buildkit.source.v0:${key}`);
}

/** An image source's first key: which manifest (or index) for which platform. */
export function imageSourceKey(digest: Digest, platform: LlbPlatform): Digest {
  return sha256Digest(
    goJson({
      Digest: digest,
      OS: platform.os,
      Arch: platform.architecture,
      Variant: platform.variant === '' ? undefined : platform.variant,
      OSVersion: platform.osVersion === '' ? undefined : platform.osVersion,
      OSFeatures: platform.osFeatures?.length === 0 ? undefined : platform.osFeatures,
    }),
  );
}

/** The content-based key of an input from the content hashes of its selected parts, in the order of the selectors. */
export function contentKey(digests: readonly Digest[]): Digest {
  return sha256Digest(digests.join('\0'));
}

/** The digest of a cache record: an op's output, or with output -1 content. */
export function cacheRecordDigest(cacheMapDigest: Digest, output: number): Digest {
  return sha256Digest(`${cacheMapDigest}@${output}`);
}

function plainCacheMap(type: 'merge' | 'diff', body: GoValue, count: number): OpCacheMap {
  const name = type === 'merge' ? 'Merge' : 'Diff';
  const preimage = goJson({ Type: `buildkit.${type}.v0`, [name]: body });
  return {
    digest: sha256Digest(preimage),
    preimage,
    dependencies: Array.from({ length: count }, () => ({})),
  };
}

function goMessage(type: MessageType, value: object): GoValue {
  return messageToGoValue(type, value as MessageValue);
}
