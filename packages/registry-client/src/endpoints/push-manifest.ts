// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type { AbortOptions } from '@img-build/interfaces';
import {
  canonicalDigest,
  type Descriptor,
  type Digest,
  digestAlgorithm,
  isDigest,
  type Reference,
} from '@img-build/oci';
import { pushScope } from '../auth/scope.ts';
import { type HttpResponse, headerOf } from '../http/message.ts';
import { RegistryError } from '../registry-error.ts';
import { type RegistryCall, type Session, unexpected } from '../session.ts';
import { manifestCall } from './manifest-call.ts';
import { withMissingBlobs } from './missing-blobs.ts';
import { enterReferrer, referrerOf } from './referrers-tag.ts';
import { resolveReference } from './resolve.ts';

/** Waits, in milliseconds, for blobs that were just uploaded to become visible to the manifest. */
const VISIBILITY_DELAYS: readonly number[] = [1000, 2000, 3000];

/**
 * Stores a manifest's exact bytes under the reference's tag, or under its digest when it has no tag. One with a subject is
 * entered into the list of its referrers where the registry does not do that.
 *
 * @throws RegistryError `REGISTRY_DIGEST_MISMATCH` when the reference's digest is not that of `bytes` or the registry
 *   stored something else, `REGISTRY_TAG_IMMUTABLE` when the tag exists, must not move and points elsewhere.
 */
export async function pushManifest(
  session: Session,
  reference: Reference,
  mediaType: string,
  bytes: Uint8Array,
  { signal }: AbortOptions = {},
): Promise<Digest> {
  const { domain, path, tag } = reference;
  const digest = digestFor(reference, bytes);
  const call: RegistryCall = {
    method: 'PUT',
    reference,
    at: `${path}/manifests/${tag ?? digest}`,
    scopes: [pushScope(path)],
    headers: { 'content-type': mediaType, 'content-length': String(bytes.byteLength) },
    body: bytes,
    what: `manifest ${domain}/${path}${tag === undefined ? `@${digest}` : `:${tag}`}`,
    signal,
  };
  for (const delay of [...VISIBILITY_DELAYS, undefined]) {
    const response = await session.call(call);
    if (response.status === 201 || response.status === 200 || response.status === 202) {
      response.discard();
      await checkStored(session, response, digest, call);
      await listWithSubject(
        session,
        reference,
        { mediaType, digest, size: bytes.byteLength },
        bytes,
        response,
        signal,
      );
      return digest;
    }
    const error = await unexpected(response, call);
    if (error.errors.some(({ code }) => code === 'MANIFEST_BLOB_UNKNOWN' || code === 'BLOB_UNKNOWN')) {
      if (delay === undefined) {
        const descriptor = { mediaType, digest, size: bytes.byteLength };
        throw await withMissingBlobs(error, session, reference, { descriptor, bytes }, signal);
      }
      await session.timing.sleep(delay, signal);
      continue;
    }
    if (tag !== undefined && saysImmutable(error)) {
      if (await pointsTo(session, reference, digest, signal)) return digest;
      throw new RegistryError(`tag ${tag} of ${domain}/${path} exists and cannot be changed`, {
        code: 'REGISTRY_TAG_IMMUTABLE',
        status: error.status,
        errors: error.errors,
        host: domain,
        repository: path,
        cause: error,
      });
    }
    throw error;
  }
  throw new Error('unreachable: the last round returns or throws');
}

/** A registry that did not say it lists referrers by itself leaves that to clients. */
async function listWithSubject(
  session: Session,
  reference: Reference,
  descriptor: Descriptor,
  bytes: Uint8Array,
  { headers }: HttpResponse,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (headerOf(headers, 'oci-subject') !== undefined) return;
  // A look that costs less than reading every manifest that is pushed.
  if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('"subject"')) return;
  const referrer = referrerOf(descriptor, bytes);
  if (referrer === undefined) return;
  const key = `${reference.domain}/${reference.path}@${referrer.subject}`;
  const release = await session.subjects.take(key, signal);
  try {
    await enterReferrer(session, reference, referrer, signal);
  } finally {
    release();
  }
}

function digestFor({ domain, path, digest }: Reference, bytes: Uint8Array): Digest {
  if (digest === undefined) return canonicalDigest(bytes);
  const algorithm = digestAlgorithm(digest);
  const actual: Digest = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
  if (actual === digest) return digest;
  throw new RegistryError(`the manifest to push to ${domain}/${path} is ${actual}, not ${digest}`, {
    code: 'REGISTRY_DIGEST_MISMATCH',
    host: domain,
    repository: path,
  });
}

/** What a registry says it stored; one that does not say is asked. */
async function checkStored(
  session: Session,
  response: HttpResponse,
  digest: Digest,
  call: RegistryCall,
): Promise<void> {
  const { what, reference } = call;
  const stored = headerOf(response.headers, 'docker-content-digest');
  if (stored === undefined || !isDigest(stored)) return await checkThere(session, digest, call);
  if (stored === digest || digestAlgorithm(stored) !== digestAlgorithm(digest)) return;
  throw new RegistryError(`${what} was stored as ${stored} instead of ${digest}`, {
    code: 'REGISTRY_DIGEST_MISMATCH',
    host: reference.domain,
    repository: reference.path,
  });
}

/** Asks by digest, since the tag may belong to somebody else by now. A registry that will not say is believed. */
async function checkThere(session: Session, digest: Digest, put: RegistryCall): Promise<void> {
  const { what, reference, scopes, signal } = put;
  const call: RegistryCall = {
    ...manifestCall('HEAD', { ...reference, digest }, signal),
    scopes,
    errand: undefined,
  };
  for (const delay of [...VISIBILITY_DELAYS, undefined]) {
    const response = await session.call(call);
    response.discard();
    if (response.status !== 404) return;
    if (delay !== undefined) await session.timing.sleep(delay, signal);
  }
  throw new RegistryError(`${what} is missing after it was pushed`, {
    code: 'REGISTRY_PROTOCOL',
    status: 404,
    host: reference.domain,
    repository: reference.path,
  });
}

function saysImmutable(error: RegistryError): boolean {
  if (![400, 403, 409, 412].includes(error.status ?? 0)) return false;
  return (
    error.status === 409 ||
    error.status === 412 ||
    error.errors.some(({ code, message }) =>
      /immutab|alreadyexists|already exists/i.test(`${code} ${message}`),
    )
  );
}

async function pointsTo(
  session: Session,
  reference: Reference,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { domain, path, tag } = reference;
  try {
    return (
      (
        await resolveReference(
          session,
          { domain, path, ...(tag === undefined ? {} : { tag }) },
          { signal, writing: true },
        )
      ).digest === digest
    );
  } catch {
    signal?.throwIfAborted();
    return false;
  }
}
