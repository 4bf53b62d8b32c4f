// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import {
  baseMediaType,
  type Descriptor,
  isDigest,
  isIndexType,
  isManifestType,
  type Reference,
} from '@img-build/oci';
import { contentLength, type HttpResponse, headerOf } from '../http/message.ts';
import { type Session, unexpected } from '../session.ts';
import { fetchManifest } from './manifest.ts';
import { manifestCall } from './manifest-call.ts';

/** Answers to HEAD that say nothing about the manifest: servers without HEAD, and refusals whose reason only GET tells. */
const ASK_AGAIN: ReadonlySet<number> = new Set([400, 403, 405, 501]);

/**
 * Asks what a reference points to: HEAD, which costs no pull quota, and GET where the answer is not good enough.
 *
 * @param options - `writing` asks the host that is written to, never a mirror.
 */
export async function resolveReference(
  session: Session,
  reference: Reference,
  { signal, writing }: AbortOptions & { readonly writing?: boolean | undefined } = {},
): Promise<Descriptor> {
  const call = {
    ...manifestCall('HEAD', reference, signal),
    ...(writing === true ? { errand: undefined } : {}),
  };
  const response = await session.call(call);
  response.discard();
  const descriptor = response.status === 200 ? descriptorFromHeaders(response, reference) : undefined;
  if (descriptor !== undefined) return descriptor;
  if (response.status === 200 || ASK_AGAIN.has(response.status))
    return (await fetchManifest(session, reference, { signal })).descriptor;
  throw await unexpected(response, call);
}

function descriptorFromHeaders({ headers }: HttpResponse, reference: Reference): Descriptor | undefined {
  const mediaType = baseMediaType(headerOf(headers, 'content-type'));
  const size = contentLength(headers);
  const digest = headerOf(headers, 'docker-content-digest') ?? '';
  if (!isIndexType(mediaType) && !isManifestType(mediaType)) return undefined;
  if (size === undefined || size === 0 || !isDigest(digest)) return undefined;
  return reference.digest !== undefined && reference.digest !== digest
    ? undefined
    : { mediaType, digest, size };
}
