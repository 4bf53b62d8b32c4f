// SPDX-License-Identifier: MIT
import type { AbortOptions, BlobSource, ProgressOptions, PushOutcome } from '@img-build/interfaces';
import { digestAlgorithm, isDigest, type Reference } from '@img-build/oci';
import { isTemporaryStatus } from '../http/error-response.ts';
import { type HttpResponse, headerOf } from '../http/message.ts';
import { backoff } from '../http/retry.ts';
import { isTemporary, RegistryError } from '../registry-error.ts';
import { type Session, unexpected } from '../session.ts';
import { finishLocation } from './upload-location.ts';
import {
  blobExists,
  cancelUpload,
  mountBlob,
  startUpload,
  type Upload,
  uploadCall,
} from './upload-session.ts';

/** Milliseconds to wait for the answer to a finished upload: object stores copy large blobs before they answer. */
const COMMIT_TIMEOUT = 600_000;
/** Repositories a mount is tried from. */
const MAX_MOUNTS = 3;

/**
 * Makes sure a repository has a blob: it may be there, may be mounted from a neighbour, or is uploaded in one request.
 * An upload that fails in the middle is started again; whether one whose answer got lost succeeded is asked first.
 *
 * @throws RegistryError `REGISTRY_DIGEST_MISMATCH` when the registry received something else than the descriptor names,
 *   `REGISTRY_SIZE_MISMATCH` when the source has another length.
 */
export async function pushBlob(
  session: Session,
  reference: Reference,
  blob: BlobSource,
  options: AbortOptions & ProgressOptions = {},
): Promise<PushOutcome> {
  const upload: Upload = { session, reference, descriptor: blob.descriptor, signal: options.signal };
  if (await blobExists(upload)) return 'existed';
  const mounted = await mountFromAny(upload, blob.mountFrom ?? []);
  if (mounted === true) return 'mounted';
  let location = mounted;
  for (let attempt = 1; ; attempt++) {
    const failure = await uploadOnce(upload, blob, location, options.onProgress);
    if (failure === undefined) return 'uploaded';
    location = undefined;
    if (attempt > session.policy.retries) throw failure as Error;
    await session.timing.sleep(backoff(session.policy, attempt, session.timing.random()), options.signal);
    if (await blobExists(upload)) return 'uploaded';
  }
}

/** Tries to mount from each repository in turn; gives the upload that was opened when none has the blob. */
async function mountFromAny(
  upload: Upload,
  repositories: readonly string[],
): Promise<true | URL | undefined> {
  let opened: URL | undefined;
  for (const from of repositories.filter((path) => path !== upload.reference.path).slice(0, MAX_MOUNTS)) {
    const mounted = await mountBlob(upload, from);
    if (mounted === undefined) continue;
    if (opened !== undefined) await cancelUpload(upload, opened);
    if (mounted === true) return true;
    opened = mounted;
  }
  return opened;
}

/** One upload from its first byte; gives back a failure that is worth another try. */
async function uploadOnce(
  upload: Upload,
  blob: BlobSource,
  opened: URL | undefined,
  onProgress: ProgressOptions['onProgress'],
): Promise<unknown> {
  const location = opened ?? (await startUpload(upload));
  const { descriptor, session } = upload;
  const body = trackedBody(blob, onProgress);
  const call = {
    ...uploadCall(upload, 'PUT', finishLocation(location, descriptor.digest)),
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(descriptor.size) },
    body: descriptor.size === 0 ? new Uint8Array() : body.open,
    headersTimeout: COMMIT_TIMEOUT,
    retry: false,
  };
  let response: HttpResponse;
  try {
    response = await session.call(call);
  } catch (error) {
    if (upload.signal?.aborted === true) {
      await cancelUpload(upload, location);
      throw upload.signal.reason;
    }
    if (body.failure() !== undefined || !isTemporary(error)) {
      await cancelUpload(upload, location);
      throw body.failure() ?? error;
    }
    return error;
  }
  if (body.failure() !== undefined) throw body.failure();
  return await judge(upload, response, call.what);
}

/** What an answer to a finished upload means: nothing for success, an error to try again after, or a throw. */
async function judge(upload: Upload, response: HttpResponse, what: string): Promise<unknown> {
  const { descriptor, reference } = upload;
  if ([201, 200, 202, 204].includes(response.status)) {
    response.discard();
    const stored = headerOf(response.headers, 'docker-content-digest');
    if (
      stored !== undefined &&
      isDigest(stored) &&
      digestAlgorithm(stored) === digestAlgorithm(descriptor.digest) &&
      stored !== descriptor.digest
    ) {
      throw wrongDigest(reference, `${what} was stored as ${stored}`);
    }
    if (response.status === 201 || (await blobExists(upload))) return undefined;
    return new RegistryError(`${what} is missing after its upload`, {
      code: 'REGISTRY_PROTOCOL',
      status: response.status,
      host: reference.domain,
      repository: reference.path,
    });
  }
  const error = await unexpected(response, uploadCall(upload, 'PUT', what));
  // An upload the registry no longer knows is gone, not the repository.
  if (
    isTemporaryStatus(response.status) ||
    error.errors.some(({ code }) => code === 'BLOB_UPLOAD_UNKNOWN' || code === 'BLOB_UPLOAD_INVALID')
  )
    return error;
  if (error.errors.some(({ code }) => code === 'DIGEST_INVALID'))
    throw wrongDigest(reference, `${what} arrived as something else`, error);
  throw error;
}

/** Opens the source anew for every attempt, counts its bytes, and remembers a failure of the source itself. */
function trackedBody(
  blob: BlobSource,
  onProgress: ProgressOptions['onProgress'],
): { open(): AsyncIterable<Uint8Array>; failure(): unknown } {
  const { size, digest } = blob.descriptor;
  let failed: unknown;
  return {
    failure: () => failed,
    async *open() {
      let sent = 0;
      try {
        for await (const chunk of blob.open(0)) {
          sent += chunk.byteLength;
          if (sent > size) throw wrongSize(digest, size);
          yield chunk;
          onProgress?.(sent);
        }
        if (sent < size) throw wrongSize(digest, size);
      } catch (error) {
        failed = error;
        throw error;
      }
    },
  };
}

function wrongSize(digest: string, size: number): RegistryError {
  return new RegistryError(`blob ${digest} to upload does not have the ${size} bytes announced`, {
    code: 'REGISTRY_SIZE_MISMATCH',
  });
}

function wrongDigest({ domain, path }: Reference, message: string, cause?: unknown): RegistryError {
  return new RegistryError(message, {
    code: 'REGISTRY_DIGEST_MISMATCH',
    host: domain,
    repository: path,
    ...(cause === undefined ? {} : { cause }),
  });
}
