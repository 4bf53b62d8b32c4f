// SPDX-License-Identifier: MIT
import { open } from 'node:fs/promises';
import { basename, isAbsolute, join, posix } from 'node:path';
import type { AbortOptions, SourceIdentifier } from '@img-build/interfaces';
import { detectPacking, isTarArchive } from '@img-build/layers';
import { UsageError } from '../../usage-error.ts';
import type { BuildInput, BuildInputNames, BuildInputOptions } from '../build-input.ts';
import { readArchiveFile } from './archive-file.ts';
import { contextParts } from './context-parts.ts';
import { DOCKERFILE_NAMES, loadDockerfile, loadDockerfileFromStdin } from './dockerfile.ts';
import { readInputFile } from './input-file.ts';
import { isDownload } from './remote-address.ts';
import type { RemoteSources } from './remote-sources.ts';

/** What a download is read with. */
export interface DownloadInputOptions {
  readonly remote: RemoteSources;
  readonly options: BuildInputOptions;
  /** What the download is called in messages; default its address. */
  readonly shown?: string | undefined;
}

/**
 * Input from one file that a source gives: a tar archive, packed or not, that is the context with its Dockerfile, or a
 * Dockerfile. What it is, its content decides.
 *
 * @throws UsageError for a page where a Dockerfile or archive was meant; SourceError, LayerError
 */
export async function readDownload(
  source: SourceIdentifier,
  { context, file, contexts }: BuildInputNames,
  { remote, options, shown = context }: DownloadInputOptions,
): Promise<BuildInput> {
  const { load, signal } = options;
  let isArchive = false;
  const fetched = async (): Promise<string> => {
    const path = await downloadedFile(source, remote, { signal });
    isArchive = await isTarArchive(path);
    if (!isArchive) await refuseOthers(path, shown);
    return path;
  };
  const given = await givenDockerfile(file, remote, options);
  if (given !== undefined) await fetched();
  const name = basename(file ?? DOCKERFILE_NAMES[0]);
  const read = async (): Promise<Uint8Array> => {
    const path = await fetched();
    if (isArchive) return await fromArchive(path, file, shown, { signal });
    if (file !== undefined)
      throw new UsageError(`ambiguous Dockerfile source: both ${shown} and --file are Dockerfiles`);
    return readInputFile(path, 'failed to read dockerfile', shown);
  };
  const dockerfile = given ?? (await loadDockerfile(name, load, read));
  const lowerOptions = { context: source.identifier, contextForm: isArchive ? 'archive' : 'file' } as const;
  return {
    dockerfile,
    ...contextParts({ main: { lowerOptions }, contexts, remote, options }),
    close: () => remote.close(),
  };
}

/** A Dockerfile that is no part of the context: on stdin, at an http address, or a file of this machine by its full path. */
export async function givenDockerfile(
  file: string | undefined,
  remote: RemoteSources,
  options: BuildInputOptions,
): Promise<BuildInput['dockerfile'] | undefined> {
  const { load, signal } = options;
  const what = 'failed to read dockerfile';
  if (file === '-') return await loadDockerfileFromStdin(options);
  if (isDownload(file)) {
    const name = (URL.canParse(file) && posix.basename(new URL(file).pathname)) || DOCKERFILE_NAMES[0];
    const source = { identifier: file, attrs: { 'http.filename': 'context' } };
    return await loadDockerfile(name, load, async () => {
      const path = await downloadedFile(source, remote, { signal });
      await refuseOthers(path, file);
      return readInputFile(path, what, file);
    });
  }
  if (file === undefined || !isAbsolute(file)) return undefined;
  return await loadDockerfile(basename(file), load, async () => readInputFile(file, what));
}

async function downloadedFile(
  source: SourceIdentifier,
  remote: RemoteSources,
  abort: AbortOptions,
): Promise<string> {
  const { http } = await remote.open();
  const content = await (await http.open(source, abort)).content(abort);
  if (content.type !== 'tree' || content.tree.type !== 'host') throw new TypeError('a download is a tree');
  return join(content.tree.path, source.attrs['http.filename'] ?? '');
}

async function fromArchive(
  path: string,
  file: string | undefined,
  shown: string,
  abort: AbortOptions,
): Promise<Uint8Array> {
  const names = file === undefined ? DOCKERFILE_NAMES : [file];
  const found = await readArchiveFile(path, names, abort);
  if (found !== undefined) return found.bytes;
  throw new UsageError(
    `failed to read dockerfile: open ${names[0]}: no such file or directory in ${shown}`,
    'name the Dockerfile with -f, by its path in the context',
  );
}

/** Bytes that tell what a file is. */
const HEAD = 1024;

/** What is meant as a Dockerfile may well be something else. */
async function refuseOthers(path: string, shown: string): Promise<void> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
    const head = buffer.subarray(0, bytesRead);
    const packing = detectPacking(head);
    if (packing !== 'none')
      throw new UsageError(`${shown} is packed with ${packing} and holds no readable tar archive`);
    // A server that wants a login, or has moved its files, often answers with a page and says that all is well.
    if (PAGE.test(head.toString('latin1')))
      throw new UsageError(
        `${shown} is an HTML page, and neither a Dockerfile nor a tar archive`,
        'name the address of the file itself; for a repository, one that ends in .git',
      );
  } finally {
    await file.close();
  }
}

const PAGE = /^(?:\xef\xbb\xbf)?\s*(?:<!--[^]*?-->\s*)?<(?:!doctype\s+html|html|head|body)\b/i;
