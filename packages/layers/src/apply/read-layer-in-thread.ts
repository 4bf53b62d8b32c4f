// SPDX-License-Identifier: MIT
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type ErrorData, errorFromData } from '@img-build/errors';
import { LayerError, type LayerErrorCode } from '../layer-error.ts';
import { createChunkRing, endRing, readRing, ringProgress } from './chunk-ring.ts';
import type { LayerDigests, LayerStream } from './read-layer.ts';

type Answer = { readonly digests: LayerDigests; readonly bytesRead: number } | { readonly error: ErrorData };

/** The same as `readLayer`, with reading, hashing and unpacking in a thread of their own. */
export function readLayerInThread(path: string, algorithm: string | undefined): LayerStream {
  const ring = createChunkRing();
  const thread = new Worker(new URL(`./layer-reader.thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: { path, algorithm, ring },
    stdin: false,
  });
  let bytesRead: number | undefined;
  const answer = new Promise<LayerDigests>((resolve, reject) => {
    thread.once('message', (message: Answer) => {
      if ('error' in message) {
        reject(layerErrorFrom(message.error));
        return;
      }
      bytesRead = message.bytesRead;
      resolve(message.digests);
    });
    thread.once('error', reject);
    thread.once('exit', () => {
      reject(new LayerError('the thread that reads the layer ended early', { code: 'LAYER_INVALID' }));
      endRing(ring);
    });
  });
  answer.catch(() => {});
  return {
    chunks: readRing(ring),
    bytesRead: () => bytesRead ?? ringProgress(ring),
    digests: () => answer,
    close: async () => {
      await thread.terminate();
    },
  };
}

function layerErrorFrom(data: ErrorData): Error {
  if (data.code?.startsWith('LAYER_') === true) {
    return new LayerError(data.message, {
      code: data.code as LayerErrorCode,
      hint: data.hint,
      cause: errorFromData(data),
    });
  }
  return errorFromData(data);
}
