// SPDX-License-Identifier: MIT
import { readdirSync } from 'node:fs';
import type { Applier, ApplyOptions, ApplyResult, BlobFiles, HostCalls, Mount } from '@img-build/interfaces';
import { type Descriptor, type Digest, digestAlgorithm, layerCompression } from '@img-build/oci';
import { createBreather } from '../breathe.ts';
import type { Packing } from '../compression/detect.ts';
import { LayerError, unpackError } from '../layer-error.ts';
import { pathOf } from '../tar/byte-string.ts';
import { TarParser } from '../tar/tar-parser.ts';
import type { Warn } from '../tree/attributes.ts';
import { mountFolders } from '../tree/mount-stack.ts';
import { FileMaker } from '../unpack/file-maker.ts';
import { DEFAULT_UNPACK_LIMITS, type UnpackLimits, UnpackMeter } from '../unpack/unpack-limits.ts';
import { copyRules } from './copy-rules.ts';
import { LayerFolders } from './layer-folders.ts';
import { LayerWriter } from './layer-writer.ts';
import { overlayRules } from './overlay-rules.ts';
import { type LayerStream, readLayer } from './read-layer.ts';
import { readLayerInThread } from './read-layer-in-thread.ts';

/** A thread takes 25 to 50 ms to start, in which this much is unpacked without one. */
const THREAD_THRESHOLD = 8 * 1024 * 1024;
/** Milliseconds between two reports of progress: each may cross to another process and wake it. */
const REPORT_INTERVAL = 50;
const LAYER_TYPE =
  /^application\/vnd\.(?:oci\.image\.layer(?:\.nondistributable)?\.v1\.tar|docker\.image\.rootfs\.(?:foreign\.)?diff\.tar)(?:[.+](?:gzip|zstd))?$/;

/** What an applier needs. */
export interface ApplierOptions {
  readonly blobs: BlobFiles;
  readonly host: HostCalls;
  readonly limits?: Partial<UnpackLimits> | undefined;
  /** Compressed bytes from which on a layer is read in a thread of its own; default 8 MiB. */
  readonly threadThreshold?: number | undefined;
  /**
   * Told what this machine cannot keep, devices inside a user namespace or extended attributes a file system refuses, and
   * of layers whose type is not what they are packed with.
   */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * Makes an applier that writes as the calling process: real root, or uid 0 of a user namespace. Files are made in the
 * event loop's thread in short stretches, so that several layers and other work share it.
 */
export function createApplier(options: ApplierOptions): Applier {
  const limits = { ...DEFAULT_UNPACK_LIMITS, ...options.limits };
  return {
    async apply(layer, mounts, applyOptions = {}) {
      const what = `layer ${layer.digest}`;
      applyOptions.signal?.throwIfAborted();
      // Whoever makes the lower layers reports their failure; here it only must not go unheard.
      applyOptions.lowerReady?.catch(() => {});
      try {
        checkMediaType(layer);
        return await applyLayer(layer, mounts, { ...options, limits }, applyOptions);
      } catch (error) {
        applyOptions.signal?.throwIfAborted();
        throw unpackError(error, what);
      }
    },
  };
}

type Settings = ApplierOptions & { readonly limits: UnpackLimits };

async function applyLayer(
  layer: Descriptor,
  mounts: readonly Mount[],
  settings: Settings,
  options: ApplyOptions,
): Promise<ApplyResult> {
  const meter = new UnpackMeter(settings.limits);
  const stream = openLayer(layer, settings, options.diffId);
  let writer: LayerWriter | undefined;
  const stop = (): void => void stream.close();
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    writer = await openTarget(mounts, settings, meter, options.lowerReady);
    await unpack(stream, new TarParser(writer), meter, options);
    const { digest, diffId, packing } = await stream.digests();
    if (digest !== undefined && digest !== layer.digest) {
      throw new LayerError(`expected content ${layer.digest}, got ${digest}`, {
        code: 'LAYER_DIGEST_MISMATCH',
      });
    }
    if (options.diffId !== undefined && options.diffId !== diffId) {
      throw new LayerError(`expected the tar ${options.diffId}, got ${diffId}`, {
        code: 'LAYER_DIFF_ID_MISMATCH',
      });
    }
    warnOfPacking(layer, packing, settings.onWarning);
    await options.lowerReady;
    options.signal?.throwIfAborted();
    writer.finish();
    return { diffId, size: meter.bytes };
  } finally {
    options.signal?.removeEventListener('abort', stop);
    writer?.abandon();
    await stream.close();
  }
}

async function unpack(
  stream: LayerStream,
  parser: TarParser,
  meter: UnpackMeter,
  options: ApplyOptions,
): Promise<void> {
  const breathe = createBreather(options.signal);
  let unpacked = 0;
  let reported = 0;
  for await (const chunk of stream.chunks) {
    parser.write(chunk);
    unpacked += chunk.length;
    meter.checkRatio(Math.max(stream.bytesRead(), 1), unpacked);
    if (performance.now() - reported >= REPORT_INTERVAL) {
      reported = performance.now();
      options.onProgress?.(stream.bytesRead());
    }
    await breathe();
  }
  // A stream that failed simply stops; its own error says more than "truncated" would.
  await stream.digests();
  parser.end();
  options.onProgress?.(stream.bytesRead());
}

/** Where the tar's own digest is known, that of the compressed bytes would prove nothing more. */
function openLayer(
  layer: Descriptor,
  { blobs, threadThreshold = THREAD_THRESHOLD }: Settings,
  diffId: Digest | undefined,
): LayerStream {
  const path = blobs.pathOf(layer.digest);
  const algorithm = diffId === undefined ? digestAlgorithm(layer.digest) : undefined;
  return layer.size >= threadThreshold ? readLayerInThread(path, algorithm) : readLayer(path, algorithm);
}

async function openTarget(
  mounts: readonly Mount[],
  settings: Settings,
  meter: UnpackMeter,
  lowerReady: Promise<void> | undefined,
): Promise<LayerWriter> {
  const { host, onWarning } = settings;
  const { writable, folders: stack, marks, marksNamespace } = mountFolders(mounts);
  if (writable === undefined)
    throw new LayerError('cannot be unpacked into a read-only mount', { code: 'LAYER_TARGET_INVALID' });
  // A copy of the layers below must be complete before anything is put into it.
  if (marksNamespace === undefined) await lowerReady;
  const fresh = readdirSync(pathOf(writable)).length === 0;
  if (marksNamespace !== undefined && !fresh) {
    throw new LayerError('cannot be unpacked into an overlay folder that is not empty', {
      code: 'LAYER_TARGET_INVALID',
    });
  }
  const warn: Warn = onWarning ?? (() => {});
  const folders = new LayerFolders(host, writable, fresh);
  const rules =
    marksNamespace === undefined
      ? copyRules({ host, folders, fresh, warn })
      : overlayRules({
          host,
          folders,
          lower: { folders: stack.slice(1), marks },
          namespace: marksNamespace,
          warn,
        });
  return new LayerWriter(folders, rules, new FileMaker({ host, owner: 'archive', warn }), meter);
}

/** What a layer is packed with shows in its bytes; that its type says something else is a mistake of whoever made it. */
function warnOfPacking({ digest, mediaType }: Descriptor, packing: Packing, warn: Warn = () => {}): void {
  const said = layerCompression(mediaType);
  if (said !== undefined && said !== packing)
    warn(`layer ${digest} has the packing ${packing}, its type says ${said}`);
}

function checkMediaType({ mediaType }: Descriptor): void {
  if (LAYER_TYPE.test(mediaType)) return;
  throw new LayerError(`has the media type ${mediaType}, which is not a layer this program can unpack`, {
    code: 'LAYER_UNSUPPORTED',
  });
}
