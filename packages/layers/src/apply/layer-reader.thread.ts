// SPDX-License-Identifier: MIT
import { parentPort, workerData } from 'node:worker_threads';
import { errorToData } from '@img-build/errors';
import { type ChunkRing, endRing, setRingProgress, writeToRing } from './chunk-ring.ts';
import { readLayer } from './read-layer.ts';

const { path, algorithm, ring } = workerData as {
  readonly path: string;
  readonly algorithm: string | undefined;
  readonly ring: ChunkRing;
};
const layer = readLayer(path, algorithm);
try {
  for await (const chunk of layer.chunks) {
    writeToRing(ring, chunk);
    setRingProgress(ring, layer.bytesRead());
  }
  parentPort?.postMessage({ digests: await layer.digests(), bytesRead: layer.bytesRead() });
} catch (error) {
  parentPort?.postMessage({ error: errorToData(error) });
} finally {
  endRing(ring);
}
