// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { messageOf } from '@img-build/errors';
import type { AbortOptions, ProgressOptions } from '@img-build/interfaces';
import { type Descriptor, digestAlgorithm, type Reference } from '@img-build/oci';
import { backoff } from '../http/retry.ts';
import { isTemporary, RegistryError } from '../registry-error.ts';
import type { Session } from '../session.ts';
import { type BlobStart, openBlob } from './open-blob.ts';

/** Bytes an attempt must bring for the count of failures to start again. */
const PROGRESS = 256 * 1024;

/** How to fetch a blob. */
export interface BlobOptions extends AbortOptions, ProgressOptions {
  /** Bytes to leave out at the beginning. */
  readonly offset?: number | undefined;
}

/**
 * Streams a blob, asking again from where it stopped when the connection fails. Never yields a byte beyond the
 * descriptor's size. Read from the beginning, the end arrives only if the digest is right; read from an offset, the
 * caller has to verify.
 *
 * @throws RegistryError `REGISTRY_NOT_FOUND`, `REGISTRY_SIZE_MISMATCH`, `REGISTRY_DIGEST_MISMATCH` …
 */
export async function* fetchBlob(
  session: Session,
  reference: Reference,
  descriptor: Descriptor,
  options: BlobOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal, onProgress } = options;
  const first = options.offset ?? 0;
  const hash = first === 0 ? createHash(digestAlgorithm(descriptor.digest)) : undefined;
  const start: BlobStart = { session, reference, descriptor, signal };
  let position = first;
  for (let failures = 0; position < descriptor.size || (first === 0 && descriptor.size === 0); ) {
    const before = position;
    let failure: unknown;
    try {
      for await (const chunk of openBlob(start, position)) {
        if (position + chunk.byteLength > descriptor.size) throw tooLong(start);
        hash?.update(chunk);
        position += chunk.byteLength;
        onProgress?.(position - first);
        yield chunk;
      }
      if (position === descriptor.size) break;
      failure = tooShort(start, position);
    } catch (error) {
      signal?.throwIfAborted();
      if (!isTemporary(error)) throw error;
      failure = error;
    }
    failures = position - before >= PROGRESS ? 0 : failures + 1;
    if (failures > session.policy.retries) throw failure;
    session.report({
      type: 'blob-resumed',
      digest: descriptor.digest,
      offset: position,
      reason: messageOf(failure),
    });
    await session.timing.sleep(
      backoff(session.policy, Math.max(1, failures), session.timing.random()),
      signal,
    );
  }
  const actual = hash?.digest('hex');
  if (actual !== undefined && !descriptor.digest.endsWith(`:${actual}`))
    throw wrongDigest(start, `${digestAlgorithm(descriptor.digest)}:${actual}`);
}

function tooLong({ reference, descriptor }: BlobStart): RegistryError {
  return sizeError(
    reference,
    `blob ${descriptor.digest} of ${reference.domain}/${reference.path} is longer than the ${descriptor.size} bytes announced`,
    false,
  );
}

function tooShort({ reference, descriptor }: BlobStart, position: number): RegistryError {
  return sizeError(
    reference,
    `blob ${descriptor.digest} of ${reference.domain}/${reference.path} ended after ${position} of ${descriptor.size} bytes`,
    true,
  );
}

function sizeError(reference: Reference, message: string, temporary: boolean): RegistryError {
  return new RegistryError(message, {
    code: 'REGISTRY_SIZE_MISMATCH',
    host: reference.domain,
    repository: reference.path,
    temporary,
  });
}

function wrongDigest({ reference, descriptor }: BlobStart, actual: string): RegistryError {
  const { domain, path } = reference;
  return new RegistryError(`blob ${descriptor.digest} of ${domain}/${path} arrived as ${actual}`, {
    code: 'REGISTRY_DIGEST_MISMATCH',
    host: domain,
    repository: path,
    temporary: true,
  });
}
