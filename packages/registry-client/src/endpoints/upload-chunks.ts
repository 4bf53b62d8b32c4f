// SPDX-License-Identifier: MIT
import type { BlobSource, ProgressOptions } from '@img-build/interfaces';
import type { HttpResponse } from '../http/message.ts';
import { RegistryError } from '../registry-error.ts';
import { finishLocation } from './upload-location.ts';
import { judgeCommit, judgeRefusal, type UploadOutcome } from './upload-outcome.ts';
import { isOutcome, sendPart } from './upload-request.ts';
import { locationOf, type Place, receivedBytes, type Upload, uploadCall } from './upload-session.ts';

/** Bytes of a chunk where chunks are no need: what a broken connection or a killed process loses at most. */
const CHUNK = 64 * 1024 * 1024;
/** Refusals that may mean chunks as such. */
const NO_CHUNKS: ReadonlySet<number | undefined> = new Set([400, 404, 405, 411, 415, 422, 501]);

/** How to send in chunks. */
export interface ChunkOptions extends ProgressOptions {
  /** Bytes of a chunk. */
  readonly size: number;
  /** One request would do as well: a registry that refuses the first chunk is `stuck` and not an error. */
  readonly isOptional: boolean;
  /** Told where the upload goes on after each chunk. */
  readonly onPlace: (place: Place) => Promise<void>;
}

/**
 * Bytes of the chunks that what is left of a blob goes in; `undefined` for one request. Chunks let an upload go on where a
 * proxy keeps a request until it is whole, or limits its time. They go only to registries of the distribution line, known
 * by the state in their addresses: others refuse, limit or lose them.
 */
export function chunkFor(
  { session, reference, descriptor }: Upload,
  { location, offset }: Place,
): number | undefined {
  if (descriptor.size - offset <= CHUNK || session.chunkless.has(reference.domain)) return undefined;
  return location.searchParams.has('_state') ? CHUNK : undefined;
}

/**
 * Sends a blob from `place` on in chunks, trusting the registry's count of what it has over ours: some append whatever
 * comes, some keep less than was sent.
 *
 * @see distribution-spec v1.1.1, "Pushing a blob in chunks"
 */
export async function sendChunks(
  upload: Upload,
  blob: BlobSource,
  place: Place,
  { size, isOptional, onPlace, onProgress }: ChunkOptions,
): Promise<UploadOutcome> {
  const total = upload.descriptor.size;
  let { location, offset } = place;
  while (offset < total) {
    const to = Math.min(total, offset + size);
    const result = await sendPart(upload, blob, {
      method: 'PATCH',
      at: location,
      location,
      from: offset,
      to,
      onProgress,
    });
    if (isOutcome(result)) return result;
    const kept = await keptBytes(upload, result, to).catch((error: unknown) => {
      if (isOptional && offset === place.offset && NO_CHUNKS.has(result.status))
        return { type: 'stuck', error } as const;
      throw error;
    });
    if (typeof kept !== 'number') return kept;
    if (kept <= offset) return { type: 'stuck', error: stuck(upload, result, kept) };
    if (kept > to) return { type: 'failed', error: stuck(upload, result, kept) };
    location = await locationOf(upload, result, location);
    offset = kept;
    await onPlace({ location, offset });
  }
  const result = await sendPart(upload, blob, {
    method: 'PUT',
    at: finishLocation(location, upload.descriptor.digest),
    location,
    from: total,
    to: total,
    onProgress,
  });
  return isOutcome(result)
    ? result
    : await judgeCommit(upload, result, uploadCall(upload, 'PUT', location).what);
}

/** How much the registry says it has after a chunk; our own count when it does not say. */
async function keptBytes(
  upload: Upload,
  response: HttpResponse,
  sent: number,
): Promise<number | UploadOutcome> {
  // 201 is ECR's word for a chunk that is not the last.
  if (![202, 201, 204, 200].includes(response.status))
    return await judgeRefusal(upload, response, uploadCall(upload, 'PATCH', '').what);
  response.discard();
  return receivedBytes(response) ?? sent;
}

function stuck({ reference, descriptor }: Upload, { status }: HttpResponse, kept: number): RegistryError {
  return new RegistryError(
    `${reference.domain} loses its place in the upload of blob ${descriptor.digest}: it says it has ${kept} bytes`,
    { code: 'REGISTRY_PROTOCOL', status, host: reference.domain, repository: reference.path },
  );
}
