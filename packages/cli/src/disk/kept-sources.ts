// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { AbortOptions, CacheRecord } from '@img-build/interfaces';
import { keptFolder, SOURCES_LOCK } from '../build/context/kept-folder.ts';
import type { Services } from '../wiring/services.ts';
import { sizeOnDisk } from './folder-size.ts';

/** A repository or download that is kept for later builds. */
export interface KeptSource {
  readonly record: CacheRecord;
  /** Bytes. */
  readonly size: number;
  /** What goes with it. */
  readonly paths: readonly string[];
}

/** Repositories and downloads below the state folder, as records of their own: no cache key leads to them. */
export function keptSources(services: Pick<Services, 'state'>): readonly KeptSource[] {
  const folder = keptFolder(services);
  return [...repositories(join(folder, 'git', 'repositories')), ...downloads(join(folder, 'http'))];
}

/** Tells whether a build uses what is kept, in which case all of it stays. */
export async function areSourcesInUse(services: Services, options: AbortOptions): Promise<boolean> {
  const release = await lockSources(services, options);
  release?.();
  return release === undefined;
}

/** Removes the sources with these ids, unless a build is using any; returns the ids of what went. */
export async function removeKeptSources(
  services: Services,
  ids: ReadonlySet<string>,
  options: AbortOptions,
): Promise<readonly string[]> {
  if (ids.size === 0 || !existsSync(keptFolder(services))) return [];
  const release = await lockSources(services, options);
  if (release === undefined) return [];
  try {
    const chosen = keptSources(services).filter(({ record }) => ids.has(record.id));
    for (const { paths } of chosen) for (const path of paths) rmSync(path, { recursive: true, force: true });
    if (keptSources(services).length === 0) rmSync(keptFolder(services), { recursive: true, force: true });
    return chosen.map(({ record }) => record.id);
  } finally {
    release();
  }
}

async function lockSources(services: Services, options: AbortOptions): Promise<(() => void) | undefined> {
  const [{ tryAcquire }, locks] = await Promise.all([import('@img-build/worker'), services.locks()]);
  return await tryAcquire(locks, SOURCES_LOCK, options);
}

function repositories(folder: string): readonly KeptSource[] {
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name);
    const note = join(path, 'description');
    const times = timesOf(note) ?? timesOf(path);
    if (times === undefined) return [];
    const description = `git repository ${textOf(note)?.trim() ?? ''}`.trimEnd();
    const record = { id: name, type: 'source.git.checkout', description, usageCount: 1, ...times } as const;
    return [{ record, size: sizeOnDisk(path), paths: [path] }];
  });
}

function downloads(folder: string): readonly KeptSource[] {
  const known = namesIn(join(folder, 'known')).map((name) => {
    const path = join(folder, 'known', name);
    return { path, ...facts(textOf(path)) };
  });
  return namesIn(join(folder, 'files')).flatMap((name) => {
    if (!/^[0-9a-f]{64}$/.test(name)) return [];
    const path = join(folder, 'files', name);
    const times = timesOf(path);
    if (times === undefined) return [];
    const id = `sha256:${name}`;
    const named = known.filter(({ digest }) => digest === id);
    const description = `http download ${named.find(({ url }) => url !== undefined)?.url ?? ''}`.trimEnd();
    const record = { id, type: 'source.http', description, usageCount: 1, ...times } as const;
    return [{ record, size: sizeOnDisk(path), paths: [path, ...named.map((each) => each.path)] }];
  });
}

interface DownloadFacts {
  readonly digest?: string;
  readonly url?: string;
}

function facts(text: string | undefined): DownloadFacts {
  try {
    return (JSON.parse(text ?? '{}') as DownloadFacts | null) ?? {};
  } catch {
    // Half written by a process that was killed.
    return {};
  }
}

function timesOf(path: string): Pick<CacheRecord, 'createdAt' | 'lastUsedAt'> | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  const lastUsedAt = Math.floor(stats.mtimeMs);
  // File systems without a time of birth say 0.
  return { createdAt: Math.min(Math.floor(stats.birthtimeMs) || lastUsedAt, lastUsedAt), lastUsedAt };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
