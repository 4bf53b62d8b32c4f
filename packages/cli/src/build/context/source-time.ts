// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AbortOptions, SourceIdentifier } from '@img-build/interfaces';
import { decompress, isTarArchive, sniffPacking, TarParser } from '@img-build/layers';
import type { RemoteSources } from './remote-sources.ts';

/**
 * Seconds since the Unix epoch of what a source holds: of a git commit; of a download its `Last-Modified`, else that of
 * the newest file of the archive it is.
 *
 * @returns `undefined` when there is no such time.
 * @throws SourceError
 */
export async function sourceTime(
  source: SourceIdentifier,
  remote: RemoteSources,
  options: AbortOptions,
): Promise<number | undefined> {
  const { git, http } = await remote.open();
  if (source.identifier.startsWith('git:')) return (await git.commitTime(source, options)) / 1000;
  const modified = await http.modified(source, options);
  if (modified !== undefined) return modified / 1000;
  const content = await (await http.open(source, options)).content(options);
  if (content.type !== 'tree' || content.tree.type !== 'host') return undefined;
  const { path } = content.tree;
  const [name = ''] = await readdir(path);
  return (await isTarArchive(join(path, name))) ? await newestIn(join(path, name), options) : undefined;
}

async function newestIn(archive: string, { signal }: AbortOptions): Promise<number | undefined> {
  let newest: bigint | undefined;
  const parser = new TarParser({
    entry({ modified: { seconds } }) {
      if (newest === undefined || seconds > newest) newest = seconds;
    },
    content() {},
    end() {},
  });
  const stream = createReadStream(archive, signal === undefined ? {} : { signal });
  const { packing, bytes } = await sniffPacking(stream as AsyncIterable<Buffer>);
  for await (const chunk of decompress(bytes, packing)) parser.write(chunk);
  return newest === undefined ? undefined : Number(newest);
}
