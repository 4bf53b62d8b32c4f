// SPDX-License-Identifier: MIT
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ArchiveSink, SavedMount } from '@img-build/exporters';
import type { CommandContext } from '../command.ts';
import { prepareFile } from '../destination.ts';
import { writeTo } from '../output-stream.ts';
import { UsageError } from '../usage-error.ts';
import { lastUsedMounts, localMounts } from './local-mounts.ts';
import { compressionFrom, type MountExportSpec, parseMountExport } from './mount-place-spec.ts';
import { openMountPlace } from './open-mount-place.ts';
import { mountsFor } from './remove-mounts.ts';
import { saveMounts, whileTransferring } from './transfer-mounts.ts';

/** `img cache mount export ID...|--all -o FILE|FOLDER|-|type=…` */
export async function exportMounts(context: CommandContext, names: readonly string[]): Promise<void> {
  const { args, io, services, signal } = context;
  const output = args.text('output');
  if (output === undefined || output === '')
    throw new UsageError(
      'it is not said where to',
      'use -o FILE, -o FOLDER, -o - or -o type=registry,ref=REF',
    );
  const spec = specOf(output);
  const packing = { ...compressionOf(args.text('compression')), ...spec };
  if (output === '-' && io.stdout.isTTY)
    throw new UsageError('refusing to write an archive to a terminal', 'redirect stdout');
  const mounts = lastUsedMounts(mountsFor(await localMounts(services), names, args.is('all')));
  if (mounts.length === 0) throw new UsageError('there are no cache mounts', 'builds make them');
  await whileTransferring(services, { signal }, async () => {
    const { compression, compressionLevel } = packing;
    const saved = await saveMounts(services, mounts, { compression, compressionLevel, signal });
    if (spec === undefined) return await writeArchive(context, saved, output);
    const place = await openMountPlace(services, spec.place);
    const { digest, changed } = await place.add(saved, { signal });
    io.print(
      `${changed ? 'Exported' : 'Unchanged:'} ${count(saved.length)} ${changed ? 'to' : 'in'} ${place.name}`,
    );
    io.print(`Digest: ${digest}`);
  });
}

/** A specification, or a folder; `undefined` for a file and stdout. */
function specOf(output: string): MountExportSpec | undefined {
  if (output === '-') return undefined;
  if (/^type=|,type=/.test(output)) return parseMountExport(output, '--output');
  const isFolder =
    output.endsWith('/') || statSync(output, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder) return undefined;
  const place = { type: 'local', folder: resolve(output), tag: undefined } as const;
  return { place, ids: [], ignoreError: false, compression: 'zstd', compressionLevel: undefined };
}

function compressionOf(name: string | undefined): Pick<MountExportSpec, 'compression' | 'compressionLevel'> {
  return compressionFrom(name, undefined, (problem, hint) => {
    throw new UsageError(problem, hint);
  });
}

async function writeArchive(
  { io, services, signal }: CommandContext,
  mounts: readonly SavedMount[],
  output: string,
): Promise<void> {
  const [{ packMounts, writeToSink }, content] = await Promise.all([
    import('@img-build/exporters'),
    services.content(),
  ]);
  const path = resolve(output);
  if (output !== '-') prepareFile(path);
  const sink: ArchiveSink =
    output === '-' ? { write: (chunk: Uint8Array) => writeTo(io.stdout, chunk) } : { path };
  await writeToSink(sink, packMounts(mounts, content, services.platform), { signal });
  io.say(`Exported ${count(mounts.length)} to ${output === '-' ? 'stdout' : output}`);
}

/** `1 cache mount`, `2 cache mounts`. */
export function count(mounts: number): string {
  return `${mounts} cache mount${mounts === 1 ? '' : 's'}`;
}
