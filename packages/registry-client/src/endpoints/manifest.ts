// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { messageOf } from '@img-build/errors';
import type { AbortOptions } from '@img-build/interfaces';
import {
  baseMediaType,
  canonicalDigest,
  type Digest,
  detectDocument,
  digestAlgorithm,
  type ImageDocument,
  isDigest,
  MAX_MANIFEST_BYTES,
  type Reference,
} from '@img-build/oci';
import { type HttpResponse, headerOf } from '../http/message.ts';
import { readBody } from '../http/read-body.ts';
import { RegistryError } from '../registry-error.ts';
import type { RegistryCall, Session } from '../session.ts';
import type { FetchedManifest } from './fetched-manifest.ts';
import { manifestCall } from './manifest-call.ts';

/** Content types of pages that something in between (a login portal, a proxy) puts in the registry's place. */
const PAGE_TYPES: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml']);

/**
 * Fetches a manifest or index, exactly as stored.
 *
 * @throws RegistryError `REGISTRY_DIGEST_MISMATCH` when it is not what the reference's digest names, `REGISTRY_PROTOCOL`
 *   when it is no manifest, is ambiguous, is schema 1, or is larger than 4 MiB (the cause says which).
 */
export async function fetchManifest(
  session: Session,
  reference: Reference,
  { signal }: AbortOptions = {},
): Promise<FetchedManifest> {
  const call = manifestCall('GET', reference, signal);
  for (;;) {
    const response = await session.expect(call, [200]);
    try {
      return await readManifest(session, call, response, reference);
    } catch (error) {
      signal?.throwIfAborted();
      if (response.distrust === undefined) throw error;
      response.distrust(error);
    }
  }
}

async function readManifest(
  session: Session,
  call: RegistryCall,
  response: HttpResponse,
  reference: Reference,
): Promise<FetchedManifest> {
  const contentType = headerOf(response.headers, 'content-type');
  if (PAGE_TYPES.has(baseMediaType(contentType))) {
    response.discard();
    throw notARegistry(call, response);
  }
  const bytes = await readBody(response, MAX_MANIFEST_BYTES);
  const digest = verifiedDigest(session, call, response, bytes, reference.digest);
  const document = readDocument(call, bytes, contentType);
  const descriptor = { mediaType: document.mediaType, digest, size: bytes.byteLength };
  return { ...document, descriptor, bytes } as FetchedManifest;
}

function readDocument(
  { what, reference }: Pick<RegistryCall, 'what' | 'reference'>,
  bytes: Uint8Array,
  contentType: string | undefined,
): ImageDocument {
  try {
    return detectDocument(bytes, { mediaType: contentType });
  } catch (cause) {
    throw new RegistryError(`${what} is unusable: ${messageOf(cause)}`, {
      code: 'REGISTRY_PROTOCOL',
      status: 200,
      host: reference.domain,
      repository: reference.path,
      cause,
    });
  }
}

function verifiedDigest(
  session: Session,
  { what, reference }: RegistryCall,
  response: HttpResponse,
  bytes: Uint8Array,
  wanted: Digest | undefined,
): Digest {
  const digest: Digest =
    wanted === undefined
      ? canonicalDigest(bytes)
      : `${digestAlgorithm(wanted)}:${createHash(digestAlgorithm(wanted)).update(bytes).digest('hex')}`;
  if (wanted !== undefined && digest !== wanted) {
    throw new RegistryError(`${what} is not what its digest names: got ${digest}`, {
      code: 'REGISTRY_DIGEST_MISMATCH',
      host: reference.domain,
      repository: reference.path,
      temporary: true,
    });
  }
  const claimed = headerOf(response.headers, 'docker-content-digest');
  // Registries are known to send wrong ones; the bytes are what counts.
  if (
    claimed !== undefined &&
    claimed !== digest &&
    (!isDigest(claimed) || digestAlgorithm(claimed) === digestAlgorithm(digest))
  ) {
    session.report({
      type: 'digest-header-ignored',
      host: reference.domain,
      expected: digest,
      claimed: claimed.slice(0, 200),
    });
  }
  return digest;
}

function notARegistry({ what, reference }: RegistryCall, response: HttpResponse): RegistryError {
  return new RegistryError(`no registry answered for ${what}: ${response.url.host} sent a web page`, {
    code: 'REGISTRY_PROTOCOL',
    status: response.status,
    host: reference.domain,
    repository: reference.path,
    hint: 'check the registry name; a proxy or login page may be in between',
  });
}
