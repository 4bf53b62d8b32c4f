// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mainContextSource } from '@img-build/dockerfile-frontend';
import { detectPacking, TarParser } from '@img-build/layers';
import { standardInput } from '../../standard-input.ts';
import { UsageError } from '../../usage-error.ts';
import type { BuildInput, BuildInputNames, BuildInputOptions } from '../build-input.ts';
import { contextParts, MAIN_CONTEXT } from './context-parts.ts';
import { DOCKERFILE_NAMES, loadDockerfile, refuseTerminal } from './dockerfile.ts';
import { readDownload } from './download-input.ts';
import { MAX_FILE_BYTES } from './input-file.ts';
import { createRemoteSources } from './remote-sources.ts';

/** Input that comes from stdin: a Dockerfile, or a tar archive that is the context. @throws UsageError */
export async function openStdinInput(
  names: BuildInputNames,
  options: BuildInputOptions,
): Promise<BuildInput> {
  const { io, signal } = options;
  if (names.file === '-')
    throw new UsageError("invalid argument: can't use stdin for both build context and dockerfile");
  refuseTerminal(io, 'pipe a Dockerfile or a tar archive into img build -');
  const iterator = standardInput(io.stdin, signal)[Symbol.asyncIterator]();
  const head = await readHead(iterator);
  const bytes = concatenated(head, iterator);
  return isArchive(head) ? await fromArchive(bytes, names, options) : await fromText(bytes, names, options);
}

/**
 * An archive goes the way of a download, as in BuildKit: unpacked as root with its owners, and the same archive is
 * recognised in a later build.
 */
async function fromArchive(
  bytes: AsyncIterable<Uint8Array>,
  names: BuildInputNames,
  options: BuildInputOptions,
): Promise<BuildInput> {
  const remote = createRemoteSources(options);
  const context = `http://buildkit-session/${randomUUID()}`;
  try {
    const { http } = await remote.open();
    await http.put(context, bytes);
    const source = mainContextSource({ context, buildPlatform: options.services.platform });
    if (source === undefined) throw new TypeError('the archive is no source');
    return await readDownload(source, names, { remote, options, shown: 'the archive on stdin' });
  } catch (error) {
    remote.close();
    throw error;
  }
}

/** A Dockerfile alone: the context is empty. */
async function fromText(
  bytes: AsyncIterable<Uint8Array>,
  { file, contexts }: BuildInputNames,
  options: BuildInputOptions,
): Promise<BuildInput> {
  if (file !== undefined)
    throw new UsageError(
      'ambiguous Dockerfile source: both stdin and --file are Dockerfiles',
      'name the context, and either -f - or the file',
    );
  const dockerfile = await loadDockerfile(DOCKERFILE_NAMES[0], options.load, () => readText(bytes));
  const folder = mkdtempSync(join(tmpdir(), 'img-context-'));
  const remote = createRemoteSources(options);
  const main = { lowerOptions: { context: `local:${MAIN_CONTEXT}` }, folder };
  return {
    dockerfile,
    ...contextParts({ main, contexts, remote, options }),
    close() {
      remote.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function readText(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > MAX_FILE_BYTES)
      throw new UsageError(`the Dockerfile on stdin has more than ${MAX_FILE_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The first block of a tar archive. */
const HEAD = 512;

async function readHead(iterator: AsyncIterator<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < HEAD) {
    const next = await iterator.next();
    if (next.done === true) break;
    chunks.push(next.value);
    size += next.value.length;
  }
  return Buffer.concat(chunks);
}

/** A packed stream can only be an archive; a plain one begins with a block that is a header, or says it is one. */
function isArchive(head: Buffer): boolean {
  if (detectPacking(head) !== 'none' || head.subarray(257, 262).toString('latin1') === 'ustar') return true;
  let found = false;
  const parser = new TarParser({
    entry() {
      found = true;
    },
    content() {},
    end() {},
  });
  try {
    parser.write(head.subarray(0, HEAD));
  } catch {
    // No header: the bytes are text, or nothing anybody can build.
  }
  return found;
}

async function* concatenated(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}
