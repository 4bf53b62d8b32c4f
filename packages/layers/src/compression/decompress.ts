// SPDX-License-Identifier: MIT
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex, Readable, Writable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { isSystemError } from '@img-build/errors';
import { invalid, LayerError } from '../layer-error.ts';
import type { Packing } from './detect.ts';
import { freeMemory } from './free-memory.ts';
import { splitFrames } from './zstd-frames.ts';

const CHUNK_SIZE = 256 * 1024;

/** Unpacks a stream; a chunk is lent until the next is asked for. Truncated and damaged input ends in an error with zlib's code or `LAYER_INVALID`. */
export function decompress(source: AsyncIterable<Buffer>, packing: Packing): AsyncIterable<Buffer> {
  switch (packing) {
    case 'none':
      return source;
    case 'gzip':
      return through(source, createGunzip({ chunkSize: CHUNK_SIZE }));
    case 'zstd':
      return through(splitFrames(source), createZstdDecompress({ chunkSize: CHUNK_SIZE }));
    default:
      return throughProgram(source, packing);
  }
}

async function* through(source: AsyncIterable<Buffer>, stream: Duplex): AsyncGenerator<Buffer> {
  const feeding = feed(source, stream);
  feeding.catch((error: unknown) => stream.destroy(error as Error));
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      yield chunk;
      // A buffer that the stream still fills ends behind the chunk.
      if (chunk.byteOffset + chunk.byteLength === chunk.buffer.byteLength) freeMemory(chunk);
    }
    await feeding;
  } finally {
    stream.destroy();
  }
}

/** bzip2 and xz are rare enough that the programs of these names have to do. */
async function* throughProgram(
  source: AsyncIterable<Buffer>,
  program: 'bzip2' | 'xz',
): AsyncGenerator<Buffer> {
  const { spawn } = await import('node:child_process');
  const child = spawn(program, ['-dc'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => {
    if (complaint.length < 500) complaint += text.toString();
  });
  const ended = outcome(child);
  ended.catch(() => {});
  const feeding = feed(source, child.stdin);
  feeding.catch(() => child.kill());
  try {
    for await (const chunk of child.stdout as Readable) yield chunk as Buffer;
    const code = await programEnd(ended, program);
    if (code !== 0) {
      await feeding;
      throw invalid(`${program} cannot unpack the stream: ${complaint.trim() || `exit code ${code}`}`);
    }
    await feeding;
  } finally {
    child.kill('SIGKILL');
  }
}

async function outcome(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}

async function programEnd(ended: Promise<number | null>, program: string): Promise<number | null> {
  try {
    return await ended;
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
    throw new LayerError(`the program ${program} is needed to unpack the stream and was not found`, {
      code: 'LAYER_UNSUPPORTED',
      cause: error,
      hint: `install it, for example with: apt-get install ${program === 'xz' ? 'xz-utils' : program}`,
    });
  }
}

/** Resolves when all is written or the stream wants no more; rejects when the source fails. */
async function feed(source: AsyncIterable<Buffer>, stream: Writable): Promise<void> {
  const closed = new Promise<void>((resolve) => stream.once('close', resolve));
  // Whoever reads the other end hears of the same error.
  stream.on('error', () => {});
  for await (const chunk of source) {
    if (stream.destroyed || stream.writableEnded) return;
    if (!stream.write(chunk)) await Promise.race([drained(stream), closed]);
  }
  stream.end();
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => stream.once('drain', resolve));
}
