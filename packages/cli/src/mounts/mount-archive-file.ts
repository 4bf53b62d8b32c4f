// SPDX-License-Identifier: MIT
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TarHeader, TarSink } from '@img-build/layers';
import { UsageError } from '../usage-error.ts';

/** Names of files that an image layout has; no other is unpacked. */
const LAYOUT_FILE = /^(?:\.\/)?(index\.json|oci-layout|blobs\/sha256\/[0-9a-f]{64})$/;
const MAX_FILES = 10_000;
/** Bytes of all files together. */
const MAX_BYTES = 256 * 1024 ** 3;

/**
 * Unpacks the image layout in a tar, plain or packed, into a folder of its own.
 *
 * @returns the folder, for the caller to remove.
 * @throws UsageError when it is no tar, or one beyond all measure
 */
export async function unpackLayout(
  source: AsyncIterable<Uint8Array>,
  { what, signal }: { readonly what: string; readonly signal: AbortSignal },
): Promise<string> {
  const { decompress, sniffPacking, TarParser } = await import('@img-build/layers');
  const folder = mkdtempSync(join(tmpdir(), 'img-cache-mounts-'));
  const sink = layoutSink(folder, what);
  try {
    const parser = new TarParser(sink);
    const { packing, bytes } = await sniffPacking(asBuffers(source));
    for await (const chunk of decompress(bytes, packing)) {
      signal.throwIfAborted();
      parser.write(chunk);
    }
    parser.end();
    return folder;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    signal.throwIfAborted();
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `${what} is no archive of cache mounts: ${(error as Error).message}`,
      "make one with 'img cache mount export'",
    );
  } finally {
    sink.close();
  }
}

function layoutSink(folder: string, what: string): TarSink & { close(): void } {
  let open: number | undefined;
  let [files, bytes] = [0, 0];
  const close = (): void => {
    if (open !== undefined) closeSync(open);
    open = undefined;
  };
  return {
    entry({ name, type, size }: TarHeader) {
      const [, path] = LAYOUT_FILE.exec(name) ?? [];
      if (type !== 'file' || path === undefined) return;
      files += 1;
      bytes += size;
      if (files > MAX_FILES || bytes > MAX_BYTES)
        throw new UsageError(`${what} has more than ${MAX_FILES} files or ${MAX_BYTES} bytes`);
      const target = join(folder, path);
      mkdirSync(dirname(target), { recursive: true });
      open = openSync(target, 'w', 0o600);
    },
    content(chunk, position) {
      if (open === undefined) return;
      for (let at = 0; at < chunk.length; )
        at += writeSync(open, chunk, at, chunk.length - at, position + at);
    },
    end: close,
    close,
  };
}

async function* asBuffers(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of source) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
