// SPDX-License-Identifier: MIT
import type { Descriptor, Reference } from '@img-build/oci';
import { pullScope, pushScope } from '../auth/scope.ts';
import { type HttpResponse, headerOf } from '../http/message.ts';
import { type RegistryCall, type Session, unexpected } from '../session.ts';
import { uploadLocation } from './upload-location.ts';

/** The upload of one blob. */
export interface Upload {
  readonly session: Session;
  readonly reference: Reference;
  readonly descriptor: Descriptor;
  readonly signal: AbortSignal | undefined;
}

/** How far an upload is and where it goes on. */
export interface Place {
  readonly location: URL;
  /** Bytes the registry has. */
  readonly offset: number;
  /** Bytes the registry wants in a chunk at least. */
  readonly leastChunk?: number | undefined;
}

/** Bytes; a registry that asks for more per chunk is not followed. */
const MAX_LEAST_CHUNK = 64 * 1024 * 1024;
/** Milliseconds to spend on telling a registry that an upload will not be finished. */
const CANCEL_TIMEOUT = 1000;

/** Tells whether the repository has the blob; a registry that will not say counts as no. */
export async function blobExists(upload: Upload): Promise<boolean> {
  const { session, descriptor } = upload;
  const call = uploadCall(upload, 'HEAD', `${upload.reference.path}/blobs/${descriptor.digest}`);
  const response = await session.call(call);
  response.discard();
  if (response.status === 200) return true;
  // Whether we may write is for the next request to say: some registries let nobody look.
  if ([401, 403, 404, 405].includes(response.status)) return false;
  throw await unexpected(response, call);
}

/** Opens an upload and says where it goes on. */
export async function startUpload(upload: Upload): Promise<Place> {
  const call: RegistryCall = {
    ...uploadCall(upload, 'POST', `${upload.reference.path}/blobs/uploads/`),
    headers: { 'content-length': '0' },
  };
  const response = await upload.session.expect(call, [202, 200, 201, 204]);
  response.discard();
  const least = Number(headerOf(response.headers, 'oci-chunk-min-length') ?? 0);
  return {
    location: await locationOf(upload, response),
    offset: 0,
    leastChunk: least > 0 && least <= MAX_LEAST_CHUNK ? least : undefined,
  };
}

/**
 * Asks how much of an upload the registry has; `undefined` when it does not know it, or not that. Debian's
 * docker-registry, like every distribution of that line, no longer knows an upload whose last request was cut off.
 *
 * @see distribution-spec v1.1.1, "Pushing a blob in chunks", GET of the location
 */
export async function uploadStatus(upload: Upload, location: URL): Promise<Place | undefined> {
  try {
    const response = await upload.session.call({ ...uploadCall(upload, 'GET', location), retry: false });
    response.discard();
    const offset = receivedBytes(response);
    // `0-0` is said of an empty upload and of one byte.
    if (response.status !== 204 || offset === undefined || offset < 2) return undefined;
    if (offset > upload.descriptor.size) {
      await cancelUpload(upload, location);
      return undefined;
    }
    return { location: await locationOf(upload, response, location), offset };
  } catch {
    upload.signal?.throwIfAborted();
    return undefined;
  }
}

/** Bytes of an upload a registry says it has. */
export function receivedBytes({ headers }: HttpResponse): number | undefined {
  const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(headerOf(headers, 'range')?.trim() ?? '')?.[1];
  return last === undefined ? undefined : Number(last) + 1;
}

/**
 * Asks the registry to take the blob from another of its repositories: `true` when it did, an address when it opened an
 * upload instead, `undefined` when nothing came of it.
 */
export async function mountBlob(upload: Upload, from: string): Promise<true | URL | undefined> {
  const { reference, descriptor, session, signal } = upload;
  const query = `mount=${encodeURIComponent(descriptor.digest)}&from=${encodeURIComponent(from)}`;
  const call: RegistryCall = {
    ...uploadCall(upload, 'POST', `${reference.path}/blobs/uploads/?${query}`),
    // A token for both repositories, apart from the one for the upload: some token servers grant only one of them.
    scopes: [pushScope(reference.path), pullScope(from)],
    headers: { 'content-length': '0' },
    retry: false,
  };
  try {
    const response = await session.call(call);
    response.discard();
    if (response.status === 201) return true;
    return response.status === 202 ? await locationOf(upload, response) : undefined;
  } catch {
    // A mount only saves work; whatever is wrong with the registry shows again in the upload.
    signal?.throwIfAborted();
    return undefined;
  }
}

/** Mounts a blob from another repository of the registry; `false` when the registry does not. */
export async function mountOnly(upload: Upload, from: string): Promise<boolean> {
  const mounted = await mountBlob(upload, from);
  if (mounted instanceof URL) await cancelUpload(upload, mounted);
  return mounted === true;
}

/** Tells the registry to forget an upload; best effort, within a second. */
export async function cancelUpload(upload: Upload, location: URL): Promise<void> {
  const call: RegistryCall = {
    ...uploadCall(upload, 'DELETE', location),
    retry: false,
    signal: AbortSignal.timeout(CANCEL_TIMEOUT),
  };
  try {
    (await upload.session.call(call)).discard();
  } catch {
    // The registry collects what was abandoned by itself.
  }
}

/** A call of this upload, with the scope to write. */
export function uploadCall(
  { reference, descriptor, signal }: Upload,
  method: RegistryCall['method'],
  at: string | URL,
): RegistryCall {
  const { domain, path } = reference;
  return {
    method,
    reference,
    at,
    scopes: [pushScope(path)],
    what: `blob ${descriptor.digest} of ${domain}/${path}`,
    signal,
  };
}

/** Where an upload goes on after an answer. @param before - where it was, for answers that need not say */
export async function locationOf(
  { session, reference, signal }: Upload,
  response: HttpResponse,
  before?: URL,
): Promise<URL> {
  const location = headerOf(response.headers, 'location');
  if (location === undefined && before !== undefined) return before;
  const { base } = await session.findEndpoint(reference, signal);
  return uploadLocation(location, {
    answered: response.url,
    base,
    allowPrivateAddresses: session.allowPrivateAddresses,
  });
}
