// SPDX-License-Identifier: MIT
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { AbortOptions } from '@img-build/interfaces';
import { type Descriptor, parseIndex } from '@img-build/oci';
import { compactBytes } from '../image/stable-json.ts';
import type { ImageLayout } from './layout.ts';
import { writeFileWhole } from './sink.ts';

/**
 * Writes an OCI image layout into a folder. Images that are there already stay, unless a new one has their name.
 * The index is written last: readers see the old images or the new ones, complete.
 *
 * @throws OciError when there is an index.json that is none; errors of the file system
 */
export async function writeLayoutFolder(
  folder: string,
  { entries, index }: ImageLayout,
  options: AbortOptions = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const entry of entries) {
    const path = join(folder, entry.path);
    if (entry.path.endsWith('/')) await mkdir(path, { recursive: true });
    else if (entry.path !== 'index.json' && (await sizeOf(path)) !== entry.size)
      await writeFileWhole(path, entry.open(), options, entry.mode);
  }
  const kept = (await presentImages(folder)).filter(
    (old) => !index.manifests.some((next) => isReplacedBy(old, next)),
  );
  await writeFileWhole(
    join(folder, 'index.json'),
    once(compactBytes({ ...index, manifests: [...kept, ...index.manifests] })),
    options,
  );
}

async function presentImages(folder: string): Promise<readonly Descriptor[]> {
  try {
    return parseIndex(await readFile(join(folder, 'index.json'))).manifests;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}

function isReplacedBy(old: Descriptor, next: Descriptor): boolean {
  const name = 'io.containerd.image.name';
  const tag = 'org.opencontainers.image.ref.name';
  const [before, after] = [old.annotations ?? {}, next.annotations ?? {}];
  if (before[name] !== undefined && after[name] !== undefined) return before[name] === after[name];
  return before[tag] === after[tag] && (before[tag] !== undefined || old.digest === next.digest);
}

/** Bytes of a file; `undefined` when there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
