// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { messageOf } from '@img-build/errors';
import type { AbortOptions, ProgressOptions } from '@img-build/interfaces';
import { type Descriptor, digestAlgorithm, type Reference } from '@img-build/oci';
import type { HttpResponse } from '../http/message.ts';
import { backoff } from '../http/retry.ts';
import { isTemporary, RegistryError } from '../registry-error.ts';
import type { Session } from '../session.ts';
import { createStallGuard, eitherSignal } from '../transfer/stall-guard.ts';
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
  const release = await session.downloads.take(reference.domain, options.signal);
  try {
    yield* readPersistently(session, reference, descriptor, options);
  } finally {
    release();
  }
}

async function* readPersistently(
  session: Session,
  reference: Reference,
  descriptor: Descriptor,
  options: BlobOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal, onProgress } = options;
  const first = options.offset ?? 0;
  const hash = first === 0 ? createHash(digestAlgorithm(descriptor.digest)) : undefined;
  const mirrored: ((reason: unknown) => void)[] = [];
  let position = first;
  for (let failures = 0; position < descriptor.size || (first === 0 && descriptor.size === 0); ) {
    const before = position;
    let failure: unknown;
    const guard = createStallGuard(session.policy.stall, `blob ${descriptor.digest}`, reference.domain);
    let answer: HttpResponse | undefined;
    const start: BlobStart = {
      session,
      reference,
      descriptor,
      signal: eitherSignal(signal, guard.signal),
      onAnswer: (response) => {
        answer = response;
        if (response.distrust !== undefined) mirrored.push(response.distrust);
      },
    };
    try {
      guard.wait();
      for await (const chunk of openBlob(start, position)) {
        if (position + chunk.byteLength > descriptor.size) throw tooLong(start);
        hash?.update(chunk);
        position += chunk.byteLength;
        onProgress?.(position - first);
        guard.moved(chunk.byteLength);
        yield chunk;
        session.passed(chunk.byteLength);
        guard.wait();
      }
      if (position === descriptor.size) break;
      failure = tooShort(start, position);
      answer?.distrust?.(failure);
    } catch (error) {
      signal?.throwIfAborted();
      // What a mirror does wrong, the next host may do right.
      answer?.distrust?.(error);
      if (!isTemporary(error) && answer?.distrust === undefined) throw error;
      failure = error;
    } finally {
      guard.stop();
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
  if (actual === undefined || descriptor.digest.endsWith(`:${actual}`)) return;
  const error = wrongDigest(reference, descriptor, `${digestAlgorithm(descriptor.digest)}:${actual}`);
  for (const distrust of mirrored) distrust(error);
  session.suspects.add(descriptor.digest);
  throw error;
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

function wrongDigest(reference: Reference, descriptor: Descriptor, actual: string): RegistryError {
  const { domain, path } = reference;
  return new RegistryError(`blob ${descriptor.digest} of ${domain}/${path} arrived as ${actual}`, {
    code: 'REGISTRY_DIGEST_MISMATCH',
    host: domain,
    repository: path,
    temporary: true,
  });
}
