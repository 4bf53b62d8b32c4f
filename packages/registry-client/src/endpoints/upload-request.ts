// SPDX-License-Identifier: MIT
import type { BlobSource, ProgressOptions } from '@img-build/interfaces';
import type { HttpResponse } from '../http/message.ts';
import { isTemporary } from '../registry-error.ts';
import { createStallGuard, eitherSignal } from '../transfer/stall-guard.ts';
import { uploadBody } from './upload-body.ts';
import type { UploadOutcome } from './upload-outcome.ts';
import { cancelUpload, type Upload, uploadCall } from './upload-session.ts';

/** Milliseconds to wait for the answer to a finished upload: object stores copy large blobs before they answer. */
const COMMIT_TIMEOUT = 600_000;

/** One request that carries bytes of a blob. */
export interface PartRequest extends ProgressOptions {
  readonly method: 'PUT' | 'PATCH';
  readonly at: URL;
  /** Where the upload can be given up. */
  readonly location: URL;
  readonly from: number;
  readonly to: number;
}

/**
 * Sends bytes `from` to `to` of a blob; gives the answer, or a failure that is worth another try.
 *
 * @throws the failure of the source, the signal's reason, or a failure that is final; the upload is given up then.
 */
export async function sendPart(
  upload: Upload,
  blob: BlobSource,
  { method, at, location, from, to, onProgress }: PartRequest,
): Promise<HttpResponse | UploadOutcome> {
  const { session, descriptor, reference, signal } = upload;
  const guard = createStallGuard(session.policy.stall, `blob ${descriptor.digest}`, reference.domain);
  const { body, failure } = uploadBody(blob, { from, to, guard, passed: session.passed, onProgress });
  const isPart = from > 0 || to < descriptor.size;
  try {
    const response = await session.call({
      ...uploadCall(upload, method, at),
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': String(to - from),
        ...(isPart && to > from ? { 'content-range': `${from}-${to - 1}` } : {}),
      },
      body,
      headersTimeout: COMMIT_TIMEOUT,
      retry: false,
      signal: eitherSignal(signal, guard.signal),
    });
    if (failure() !== undefined) throw failure();
    return response;
  } catch (error) {
    if (signal?.aborted !== true && failure() === undefined && isTemporary(error))
      return { type: 'failed', error };
    await cancelUpload(upload, location);
    signal?.throwIfAborted();
    throw failure() ?? error;
  } finally {
    guard.stop();
  }
}

/** Tells an answer from an outcome. */
export function isOutcome(result: HttpResponse | UploadOutcome): result is UploadOutcome {
  return 'type' in result;
}
