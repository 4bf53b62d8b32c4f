// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type { BlobSource, ProgressOptions } from '@img-build/interfaces';
import { digestAlgorithm } from '@img-build/oci';
import type { ReplayableBody } from '../http/message.ts';
import { RegistryError } from '../registry-error.ts';
import type { StallGuard } from '../transfer/stall-guard.ts';
import type { Passed } from '../transfer/young-garbage.ts';

/** A part of a blob as the body of one request. */
export interface UploadBody {
  readonly body: ReplayableBody;
  /** What went wrong with the source itself, which no other attempt cures. */
  failure(): unknown;
}

/** Which bytes to send, and who watches. */
export interface UploadPart extends ProgressOptions {
  readonly from: number;
  /** First byte not to send. */
  readonly to: number;
  readonly guard: StallGuard;
  readonly passed: Passed;
}

/** Opens the source anew for every attempt, counts its bytes, and remembers a failure of the source itself. */
export function uploadBody(
  blob: BlobSource,
  { from, to, guard, passed, onProgress }: UploadPart,
): UploadBody {
  let failed: unknown;
  async function* open(): AsyncGenerator<Uint8Array, void, undefined> {
    let at = from;
    try {
      for await (const whole of blob.open(from)) {
        const chunk = at + whole.byteLength > to ? cutAt(blob, whole, to - at, to) : whole;
        if (chunk.byteLength > 0) {
          at += chunk.byteLength;
          guard.wait();
          yield chunk;
          guard.moved(chunk.byteLength);
          passed(chunk.byteLength);
          onProgress?.(at);
        }
        if (at === to && to < blob.descriptor.size) return;
      }
      if (at < to) throw wrongSize(blob);
    } catch (error) {
      failed = error;
      throw error;
    } finally {
      guard.stop();
    }
  }
  return { body: from === to ? new Uint8Array() : open, failure: () => failed };
}

/** Tells whether the source still gives the bytes its digest names; what a registry calls wrong may be wrong here. */
export async function sourceDigest(blob: BlobSource, signal: AbortSignal | undefined): Promise<string> {
  const algorithm = digestAlgorithm(blob.descriptor.digest);
  const hash = createHash(algorithm);
  for await (const chunk of blob.open(0)) {
    signal?.throwIfAborted();
    hash.update(chunk);
  }
  return `${algorithm}:${hash.digest('hex')}`;
}

/** A source may go on after a chunk's end, but not after the blob's. */
function cutAt(blob: BlobSource, chunk: Uint8Array, length: number, to: number): Uint8Array {
  if (to === blob.descriptor.size) throw wrongSize(blob);
  return chunk.subarray(0, length);
}

function wrongSize({ descriptor }: BlobSource): RegistryError {
  return new RegistryError(
    `blob ${descriptor.digest} to upload does not have the ${descriptor.size} bytes announced`,
    { code: 'REGISTRY_SIZE_MISMATCH' },
  );
}
