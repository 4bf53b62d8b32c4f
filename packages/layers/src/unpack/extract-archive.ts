// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { isSystemError, isToolError } from '@img-build/errors';
import type { AbortOptions, HostCalls, Timespec } from '@img-build/interfaces';
import { createBreather } from '../breathe.ts';
import { decompress } from '../compression/decompress.ts';
import { sniffPacking } from '../compression/detect.ts';
import { unpackError } from '../layer-error.ts';
import { bytesOf } from '../tar/byte-string.ts';
import type { TarHeader } from '../tar/tar-header.ts';
import { TarParser } from '../tar/tar-parser.ts';
import { ArchiveFolders } from './archive-folders.ts';
import { ArchiveWriter } from './archive-writer.ts';
import { cleanEntryPath } from './entry-path.ts';
import { FileMaker, type OwnerRule } from './file-maker.ts';
import { DEFAULT_UNPACK_LIMITS, type UnpackLimits, UnpackMeter } from './unpack-limits.ts';

const READ_SIZE = 256 * 1024;

/** How to unpack an archive. */
export interface ExtractOptions extends AbortOptions {
  readonly host: HostCalls;
  /** Absolute path of the tree: no symlink, of the tree or of the archive, leads out of it. It must exist. */
  readonly root: string;
  /** Where in the tree the archive goes, as text or as bytes; made when missing. Default: the root itself. */
  readonly destination?: string | Buffer | undefined;
  /** Default `archive`: numeric owners as the archive has them. */
  readonly owner?: OwnerRule | undefined;
  /** Time of everything unpacked; default: as the archive says. */
  readonly modified?: Timespec | undefined;
  readonly limits?: Partial<UnpackLimits> | undefined;
  /** Told what cannot be kept: devices without the right to make them, extended attributes the file system refuses. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** What an archive unpacked to. */
export interface ExtractResult {
  /** Bytes of file content. */
  readonly size: number;
}

/**
 * Unpacks a tar archive, plain or packed with gzip, zstd, bzip2 or xz (the last two by the programs of that name), into
 * a tree that may already hold something. What is in the way of an entry is replaced; folders are merged.
 *
 * @param source - path of a file, or the bytes.
 * @throws LayerError `LAYER_INVALID`, `LAYER_UNSUPPORTED`, `LAYER_TOO_LARGE`, `LAYER_NO_SPACE`
 */
export async function extractArchive(
  source: string | AsyncIterable<Uint8Array>,
  options: ExtractOptions,
): Promise<ExtractResult> {
  const { host, root, destination = '', owner = 'archive', signal } = options;
  const what = typeof source === 'string' ? `archive ${source}` : 'archive';
  const warn = options.onWarning ?? (() => {});
  const meter = new UnpackMeter({ ...DEFAULT_UNPACK_LIMITS, ...options.limits });
  signal?.throwIfAborted();
  const folders = new ArchiveFolders(
    host,
    bytesOf(root),
    cleanEntryPath(typeof destination === 'string' ? bytesOf(destination) : destination.toString('latin1')),
    typeof owner === 'string' ? undefined : owner,
  );
  const maker = new FileMaker({ host, owner, warn });
  const writer = new ArchiveWriter({ host, folders, maker, meter, warn, modified: options.modified });
  let packed = 0;
  const counted = countBytes(source, (size) => {
    packed += size;
  });
  try {
    folders.reach('');
    const parser = new TarParser(writer);
    const breathe = createBreather(signal);
    let unpacked = 0;
    const { packing, bytes } = await sniffPacking(counted);
    for await (const chunk of decompress(bytes, packing)) {
      parser.write(chunk);
      unpacked += chunk.length;
      meter.checkRatio(Math.max(packed, 1), unpacked);
      await breathe();
    }
    parser.end();
    writer.finish();
    return { size: meter.bytes };
  } catch (error) {
    signal?.throwIfAborted();
    throw unpackError(error, what);
  } finally {
    writer.abandon();
    folders.close();
    // Not awaited: a source that hangs would never answer.
    void counted.return(undefined).catch(() => {});
  }
}

/**
 * Tells whether a file is a tar archive that {@link extractArchive} can unpack, by its content alone: what it unpacks to
 * must begin with a valid tar header.
 *
 * @throws LayerError `LAYER_UNSUPPORTED` when the program that would unpack it is not installed
 */
export async function isTarArchive(path: string): Promise<boolean> {
  let found = false;
  const stop = new Error('seen enough');
  const parser = new TarParser({
    entry(_header: TarHeader) {
      found = true;
      throw stop;
    },
    content() {},
    end() {},
  });
  const source = countBytes(path, () => {});
  try {
    const { packing, bytes } = await sniffPacking(source);
    for await (const chunk of decompress(bytes, packing)) parser.write(chunk);
  } catch (error) {
    // Damage is an answer; a file that cannot be read is not, for whatever reason.
    if (error !== stop && !isDamage(error)) throw error;
  } finally {
    await source.return(undefined);
  }
  return found;
}

function isDamage(error: unknown): boolean {
  if (isToolError(error)) return !isSystemError(error.cause, 'ENOENT');
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^(Z_|ZSTD_)/.test(code);
}

async function* countBytes(
  source: string | AsyncIterable<Uint8Array>,
  count: (size: number) => void,
): AsyncGenerator<Buffer> {
  const chunks: AsyncIterable<Uint8Array> =
    typeof source === 'string' ? createReadStream(source, { highWaterMark: READ_SIZE }) : source;
  for await (const chunk of chunks) {
    count(chunk.byteLength);
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}
