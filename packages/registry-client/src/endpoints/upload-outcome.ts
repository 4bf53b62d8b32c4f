// SPDX-License-Identifier: MIT
import { digestAlgorithm, isDigest, type Reference } from '@img-build/oci';
import { isTemporaryStatus } from '../http/error-response.ts';
import { type HttpResponse, headerOf } from '../http/message.ts';
import { RegistryError } from '../registry-error.ts';
import { unexpected } from '../session.ts';
import { blobExists, type Upload, uploadCall } from './upload-session.ts';

/** How a request of an upload went. */
export type UploadOutcome =
  | { readonly type: 'done' }
  /** Worth another try; what arrived has to be asked. */
  | { readonly type: 'failed'; readonly error: unknown }
  /** The registry, or something in front of it, takes no body of that length. */
  | { readonly type: 'too-large'; readonly error: unknown }
  /** The registry does not go on from chunk to chunk. */
  | { readonly type: 'stuck'; readonly error: unknown }
  /** The registry received something else than the digest names. */
  | { readonly type: 'corrupt'; readonly error: unknown };

/** What an answer to a finished upload means. @throws RegistryError for a refusal that another try would meet again. */
export async function judgeCommit(
  upload: Upload,
  response: HttpResponse,
  what: string,
): Promise<UploadOutcome> {
  const { descriptor, reference } = upload;
  if (![201, 200, 202, 204].includes(response.status)) {
    return await judgeRefusal(upload, response, what).catch((error: unknown): UploadOutcome => {
      if (isUnknownUpload(error)) return { type: 'failed', error };
      throw error;
    });
  }
  response.discard();
  const stored = headerOf(response.headers, 'docker-content-digest');
  if (
    stored !== undefined &&
    isDigest(stored) &&
    digestAlgorithm(stored) === digestAlgorithm(descriptor.digest) &&
    stored !== descriptor.digest
  )
    throw wrongDigest(reference, `${what} was stored as ${stored}`);
  if ((response.status === 201 && isAboutBlob(response, upload)) || (await blobExists(upload)))
    return { type: 'done' };
  const error = new RegistryError(`${what} is missing after its upload`, {
    code: 'REGISTRY_PROTOCOL',
    status: response.status,
    host: reference.domain,
    repository: reference.path,
  });
  return { type: 'failed', error };
}

/** What a refusal in the middle of an upload means. @throws RegistryError for one that is final. */
export async function judgeRefusal(
  upload: Upload,
  response: HttpResponse,
  what: string,
): Promise<UploadOutcome> {
  const { status } = response;
  const error = await unexpected(response, uploadCall(upload, 'PUT', what));
  if (status === 413) return { type: 'too-large', error };
  // An upload the registry no longer knows is gone, not the repository; one that stands elsewhere can be asked where.
  const isLost = error.errors.some(
    ({ code }) => code === 'BLOB_UPLOAD_UNKNOWN' || code === 'BLOB_UPLOAD_INVALID',
  );
  if (isTemporaryStatus(status) || status === 416 || isLost) return { type: 'failed', error };
  if (error.errors.some(({ code }) => code === 'DIGEST_INVALID'))
    return {
      type: 'corrupt',
      error: wrongDigest(upload.reference, `${what} arrived as something else`, error),
    };
  throw error;
}

/** Of uploads that another machine behind the same name opened, or that took too long, many say no more than 404. */
function isUnknownUpload(error: unknown): boolean {
  return (
    error instanceof RegistryError &&
    error.status === 404 &&
    error.errors.every(({ code }) => code !== 'NAME_UNKNOWN')
  );
}

/**
 * Whether the answer to an upload names the blob, in its repository. Without TLS an address that was damaged on the way may
 * have put it into another; the answer shows that, if it says anything.
 */
function isAboutBlob({ url, headers }: HttpResponse, { reference, descriptor }: Upload): boolean {
  if (url.protocol === 'https:') return true;
  const stored = headerOf(headers, 'docker-content-digest');
  if (stored !== undefined && !isDigest(stored)) return false;
  const location = headerOf(headers, 'location');
  if (location === undefined) return true;
  const path = URL.canParse(location, url.href) ? new URL(location, url).pathname : '';
  return path.replaceAll(/%3a/gi, ':').endsWith(`/${reference.path}/blobs/${descriptor.digest}`);
}

function wrongDigest({ domain, path }: Reference, message: string, cause?: unknown): RegistryError {
  return new RegistryError(message, {
    code: 'REGISTRY_DIGEST_MISMATCH',
    host: domain,
    repository: path,
    ...(cause === undefined ? {} : { cause }),
  });
}
