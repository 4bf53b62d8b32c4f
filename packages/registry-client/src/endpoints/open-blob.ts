// SPDX-License-Identifier: MIT
import { type Descriptor, isForeignLayerType, type Reference } from '@img-build/oci';
import { pullScope } from '../auth/scope.ts';
import { decodedBody, isIdentity } from '../http/content-encoding.ts';
import { contentLength, type HttpResponse, headerOf } from '../http/message.ts';
import { RegistryError } from '../registry-error.ts';
import { type RegistryCall, type Session, unexpected } from '../session.ts';

/** What a blob is read from. */
export interface BlobStart {
  readonly session: Session;
  readonly reference: Reference;
  readonly descriptor: Descriptor;
  readonly signal: AbortSignal | undefined;
  /** Told of the answer whose body is read. */
  readonly onAnswer?: ((response: HttpResponse) => void) | undefined;
}

/**
 * One attempt to read a blob from `offset` to its end. Always asks the registry, never an address it once redirected to:
 * those expire.
 */
export async function* openBlob(
  start: BlobStart,
  offset: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { descriptor } = start;
  const response = await request(start, offset);
  start.onAnswer?.(response);
  const skip = response.status === 206 ? 0 : offset;
  const left = descriptor.size - (response.status === 206 ? offset : 0);
  const length = contentLength(response.headers);
  if (isIdentity(response) && length !== undefined && length !== left) {
    response.discard();
    throw mismatch(start, `${length} bytes instead of the ${left} announced`);
  }
  yield* withoutFirst(decodedBody(response), skip);
}

async function request(start: BlobStart, offset: number): Promise<HttpResponse> {
  const foreign = isForeignLayerType(start.descriptor.mediaType) ? (start.descriptor.urls ?? []) : [];
  for (const address of foreign) {
    if (!URL.canParse(address)) continue;
    const response = await rangeRequest(start, offset, new URL(address)).catch((error: unknown) => {
      start.signal?.throwIfAborted();
      if (error instanceof RegistryError && error.code === 'REGISTRY_REDIRECT_REFUSED') throw error;
      return undefined;
    });
    if (response !== undefined) return response;
  }
  return await rangeRequest(start, offset, undefined);
}

async function rangeRequest(
  start: BlobStart,
  offset: number,
  foreign: URL | undefined,
): Promise<HttpResponse> {
  const { session, descriptor } = start;
  const call = blobCall(start, offset);
  const response =
    foreign === undefined ? await session.call(call) : await session.fetchForeign({ ...call, at: foreign });
  if (response.status === 200) return response;
  if (
    offset > 0 &&
    response.status === 206 &&
    isIdentity(response) &&
    rangeFits(response, offset, descriptor.size)
  )
    return response;
  if (offset > 0 && (response.status === 206 || response.status === 416)) {
    response.discard();
    // What the server makes of ranges is not to be relied on: read everything and leave out what is known.
    const whole =
      foreign === undefined
        ? await session.call(blobCall(start, 0))
        : await session.fetchForeign({ ...blobCall(start, 0), at: foreign });
    if (whole.status === 200) return whole;
    throw await unexpected(whole, call);
  }
  throw await unexpected(response, call);
}

function blobCall({ session, reference, descriptor, signal }: BlobStart, offset: number): RegistryCall {
  const { domain, path } = reference;
  return {
    method: 'GET',
    reference,
    at: `${path}/blobs/${descriptor.digest}`,
    scopes: [pullScope(path)],
    errand: { capability: 'pull', by: 'blob' },
    headers: {
      'accept-encoding': 'identity',
      ...(offset === 0 ? {} : { range: `bytes=${offset}-` }),
      ...(session.suspects.has(descriptor.digest) ? { 'cache-control': 'no-cache' } : {}),
    },
    what: `blob ${descriptor.digest} of ${domain}/${path}`,
    signal,
  };
}

/** `bytes 5-9/10`, with the start asked for, up to the end, of the right total. @see RFC 9110 §14.4 */
function rangeFits({ headers }: HttpResponse, offset: number, size: number): boolean {
  const [, first, last, total] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(headerOf(headers, 'content-range')?.trim() ?? '') ??
    [];
  return Number(first) === offset && Number(last) === size - 1 && (total === '*' || Number(total) === size);
}

async function* withoutFirst(
  source: AsyncIterable<Uint8Array>,
  count: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let skipped = 0;
  for await (const chunk of source) {
    const drop = Math.min(chunk.byteLength, count - skipped);
    skipped += drop;
    if (drop < chunk.byteLength) yield drop === 0 ? chunk : chunk.subarray(drop);
  }
}

function mismatch({ reference, descriptor }: BlobStart, what: string): RegistryError {
  const { domain, path } = reference;
  return new RegistryError(`blob ${descriptor.digest} of ${domain}/${path} is ${what}`, {
    code: 'REGISTRY_SIZE_MISMATCH',
    host: domain,
    repository: path,
  });
}
