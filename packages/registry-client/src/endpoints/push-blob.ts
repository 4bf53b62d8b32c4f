// SPDX-License-Identifier: MIT
import type { AbortOptions, BlobSource, ProgressOptions, PushOutcome } from '@img-build/interfaces';
import { backoff } from '../http/retry.ts';
import { isTemporary, RegistryError } from '../registry-error.ts';
import type { Session } from '../session.ts';
import type { UploadStore } from '../transfer/upload-store.ts';
import { sourceDigest } from './upload-body.ts';
import { chunkFor, sendChunks } from './upload-chunks.ts';
import { finishLocation } from './upload-location.ts';
import { createUploadMemory, type UploadMemory } from './upload-memory.ts';
import { judgeCommit, type UploadOutcome } from './upload-outcome.ts';
import { isOutcome, sendPart } from './upload-request.ts';
import {
  blobExists,
  cancelUpload,
  mountBlob,
  type Place,
  startUpload,
  type Upload,
  uploadCall,
  uploadStatus,
} from './upload-session.ts';

/** Repositories a mount is tried from. */
const MAX_MOUNTS = 3;
/** Bytes of the first chunk after one request was too large; the least any registry is known to take. */
const FIRST_CHUNK = 4 * 1024 * 1024;
const LEAST_CHUNK = 1024 * 1024;
/** Bytes an attempt must bring for the count of failures to start again. */
const PROGRESS = 256 * 1024;

/** How to push a blob. */
export interface PushBlobOptions extends AbortOptions, ProgressOptions {
  /** Remembers the upload, so that a later process takes it up. */
  readonly uploads?: UploadStore | undefined;
}

/**
 * Makes sure a repository has a blob: it may be there, may be mounted from a neighbour, or is uploaded. One request
 * carries all of it, which every registry takes; chunks do where that is too large, and carry a large blob to registries
 * known to take them. An upload that fails goes on from what the registry says it has, also one of an earlier process,
 * and else starts again.
 *
 * @throws RegistryError `REGISTRY_DIGEST_MISMATCH` when the registry received, or the source gives, something else than
 *   the descriptor names, `REGISTRY_SIZE_MISMATCH` when the source has another length.
 */
export async function pushBlob(
  session: Session,
  reference: Upload['reference'],
  blob: BlobSource,
  options: PushBlobOptions = {},
): Promise<PushOutcome> {
  const upload: Upload = { session, reference, descriptor: blob.descriptor, signal: options.signal };
  const memory = createUploadMemory(upload, options.uploads);
  if (await blobExists(upload)) {
    await memory.forget();
    return 'existed';
  }
  const mounted = await mountFromAny(upload, blob.mountFrom ?? []);
  if (mounted === true) return 'mounted';
  const release = await session.uploads.take(reference.domain, options.signal);
  try {
    await uploadBlob(upload, blob, memory, { opened: mounted, onProgress: options.onProgress });
    await memory.forget();
    return 'uploaded';
  } catch (error) {
    // After a network that stayed away the upload may be taken up later; everything else has given it up.
    if (options.signal?.aborted === true || !isTemporary(error)) await memory.forget();
    throw error;
  } finally {
    release();
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

interface Progressing extends ProgressOptions {
  readonly opened: URL | undefined;
}

async function uploadBlob(
  upload: Upload,
  blob: BlobSource,
  memory: UploadMemory,
  { opened, onProgress }: Progressing,
): Promise<void> {
  const { session, signal, descriptor } = upload;
  let place = opened === undefined ? await memory.recall() : { location: opened, offset: 0 };
  let chunk: number | undefined;
  let wasCorrupt = false;
  const reached = async (next: Place): Promise<void> => {
    place = next;
    await memory.keep(next);
  };
  for (let failures = 0; ; ) {
    place ??= await startUpload(upload);
    await memory.keep(place);
    if (place.offset > 0)
      session.report({
        type: 'upload-resumed',
        digest: descriptor.digest,
        offset: place.offset,
      });
    const before = place.offset;
    const size = chunk ?? chunkFor(upload, place);
    const outcome =
      size === undefined
        ? await sendRest(upload, blob, place, onProgress)
        : await sendChunks(upload, blob, place, {
            size: Math.max(size, place.leastChunk ?? 0),
            isOptional: chunk === undefined,
            onPlace: reached,
            onProgress,
          });
    switch (outcome.type) {
      case 'done':
        return;
      case 'too-large':
        chunk = smallerChunk(chunk, outcome.error);
        place = undefined;
        continue;
      case 'stuck':
        // Without chunks again; a registry that takes neither has had its chance when both have failed.
        chunk = undefined;
        session.chunkless.add(upload.reference.domain);
        break;
      case 'corrupt':
        if (wasCorrupt || (await sourceDigest(blob, signal)) !== descriptor.digest)
          throw wasCorrupt ? outcome.error : corruptSource(upload, outcome.error);
        wasCorrupt = true;
        place = undefined;
        continue;
      case 'failed':
        break;
    }
    if (failures >= session.policy.retries) throw outcome.error;
    await session.timing.sleep(backoff(session.policy, failures + 1, session.timing.random()), signal);
    if (await blobExists(upload)) return;
    place = outcome.type === 'stuck' ? undefined : await uploadStatus(upload, place.location);
    failures = (place?.offset ?? 0) - before >= PROGRESS ? 0 : failures + 1;
  }
}

/** Everything from the place on in one request. */
async function sendRest(
  upload: Upload,
  blob: BlobSource,
  { location, offset }: Place,
  onProgress: ProgressOptions['onProgress'],
): Promise<UploadOutcome> {
  const { digest, size } = upload.descriptor;
  const at = finishLocation(location, digest);
  const result = await sendPart(upload, blob, {
    method: 'PUT',
    at,
    location,
    from: offset,
    to: size,
    onProgress,
  });
  return isOutcome(result)
    ? result
    : await judgeCommit(upload, result, uploadCall(upload, 'PUT', location).what);
}

function smallerChunk(chunk: number | undefined, error: unknown): number {
  if (chunk === undefined) return FIRST_CHUNK;
  if (chunk / 2 < LEAST_CHUNK) throw error;
  return chunk / 2;
}

function corruptSource({ descriptor, reference }: Upload, cause: unknown): RegistryError {
  return new RegistryError(`blob ${descriptor.digest} to upload is corrupt where it is stored`, {
    code: 'REGISTRY_DIGEST_MISMATCH',
    host: reference.domain,
    repository: reference.path,
    hint: 'remove the image, then pull or build it again',
    cause,
  });
}
