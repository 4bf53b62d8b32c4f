// SPDX-License-Identifier: MIT
import { createReadStream, rmSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { MountPlace } from '@img-build/exporters';
import type { AbortOptions } from '@img-build/interfaces';
import type { CommandContext, CommandIo } from '../command.ts';
import { printableName } from '../render/printable.ts';
import { standardInput } from '../standard-input.ts';
import { UsageError } from '../usage-error.ts';
import type { Services } from '../wiring/services.ts';
import { count } from './export-mounts.ts';
import { localMounts } from './local-mounts.ts';
import { unpackLayout } from './mount-archive-file.ts';
import { type MountImportSpec, parseMountImport } from './mount-place-spec.ts';
import { openMountPlace } from './open-mount-place.ts';
import { restoreMount, whileTransferring } from './transfer-mounts.ts';

/** `img cache mount import FILE|FOLDER|-|type=…`: mounts that are there are replaced, when no build uses them any more. */
export async function importMounts(context: CommandContext, names: readonly string[]): Promise<void> {
  const [source, ...others] = names;
  if (source === undefined || others.length > 0)
    throw new UsageError(
      'exactly one source is imported',
      'name a file, a folder, - or type=registry,ref=REF',
    );
  const { folder, spec } = await open(context, source);
  try {
    const { services, signal } = context;
    const place = await openMountPlace(services, spec.place);
    await whileTransferring(services, { signal }, () => importFrom(context, place, spec, source));
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function importFrom(
  { io, services, signal }: CommandContext,
  place: MountPlace,
  { ids }: MountImportSpec,
  source: string,
): Promise<void> {
  const found = await place.read({ signal });
  if (found === undefined)
    throw new UsageError(`${source} holds no cache mounts`, "make some with 'img cache mount export'");
  const missing = ids.find((id) => !found.some((mount) => mount.id === id));
  if (missing !== undefined)
    throw new UsageError(
      `${source} has no cache mount ${JSON.stringify(missing)}`,
      `it has ${found.map(({ id }) => printableName(id)).join(', ')}`,
    );
  const wanted = found.filter(({ id }) => ids.length === 0 || ids.includes(id));
  for (const mount of wanted) {
    await restoreMount(services, place, mount, { replace: true, signal });
    if (mount.seeded) await removeSuperseded(services, mount.id, io, { signal });
    io.print(printableName(mount.id));
  }
  io.say(`Imported ${count(wanted.length)} from ${source === '-' ? 'stdin' : source}`);
}

/** What started with something here would be used before what was restored. */
async function removeSuperseded(
  services: Services,
  id: string,
  io: CommandIo,
  options: AbortOptions,
): Promise<void> {
  const { restoredCacheMountKey } = await import('@img-build/worker');
  const restored = restoredCacheMountKey(id);
  const old = (await localMounts(services))
    .filter((mount) => mount.id === id && mount.seeded && mount.key !== restored)
    .map(({ key }) => key);
  const removed = await (await services.worker()).remove(old, options);
  if (removed.length < old.length)
    io.say(`WARNING: ${printableName(id)} is in use by a running build, which keeps what it has`);
}

interface Opened {
  readonly spec: MountImportSpec;
  /** To be removed in the end. */
  readonly folder?: string | undefined;
}

async function open({ io, signal }: CommandContext, source: string): Promise<Opened> {
  if (/^type=|,type=/.test(source)) return { spec: parseMountImport(source, 'source') };
  const stats = source === '-' ? undefined : statSync(source, { throwIfNoEntry: false });
  if (source !== '-' && stats === undefined)
    throw new UsageError(`there is no ${source}`, 'name a file, a folder, - or type=registry,ref=REF');
  if (stats?.isDirectory() === true) return { spec: localSpec(resolve(source)) };
  const bytes = source === '-' ? standardInput(io.stdin, signal) : createReadStream(source);
  const folder = await unpackLayout(bytes, { what: source === '-' ? 'stdin' : source, signal });
  return { spec: localSpec(folder), folder };
}

function localSpec(folder: string): MountImportSpec {
  return { place: { type: 'local', folder, tag: undefined }, ids: [] };
}
