// SPDX-License-Identifier: MIT
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';

/** An upload that was begun. */
export interface UploadRecord {
  /** Address the upload goes on at. It may be signed: keep it as you would a password. */
  readonly location: string;
  /** Process that works on it. */
  readonly owner: number;
}

/** Remembers uploads across processes, so that one that died is taken up where the registry still has its beginning. */
export interface UploadStore {
  /** What is remembered under a key; `undefined` when nothing is or it cannot be read. */
  load(key: string): Promise<UploadRecord | undefined>;
  save(key: string, record: UploadRecord): Promise<void>;
  remove(key: string): Promise<void>;
}

/** Milliseconds after which registries have long forgotten an upload. */
const FORGOTTEN = 7 * 24 * 60 * 60 * 1000;
/** Records are a few hundred bytes. */
const MAX_RECORD = 64 * 1024;

/**
 * Remembers uploads in a folder, one small file each, readable by its owner only. The folder is made when needed; what is
 * older than a week is removed.
 */
export function createUploadFolder(folder: string, now: () => number = Date.now): UploadStore {
  let swept: Promise<void> | undefined;
  // Keys hold slashes and are of any length; a hash of one is always a good file name.
  const pathOf = (key: string): string =>
    join(folder, `${createHash('sha256').update(key).digest('hex')}.json`);
  return {
    async load(key) {
      try {
        const bytes = await readFile(pathOf(key));
        return bytes.byteLength > MAX_RECORD ? undefined : recordFrom(JSON.parse(bytes.toString('utf8')));
      } catch {
        // A record that cannot be read costs an upload from the beginning, never the push.
        return undefined;
      }
    },
    async save(key, record) {
      const temporary = join(folder, `${randomUUID()}.tmp`);
      try {
        await write(temporary, JSON.stringify(record), folder);
        await rename(temporary, pathOf(key));
        await (swept ??= sweep(folder, now() - FORGOTTEN));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    remove: async (key) => await rm(pathOf(key), { force: true }),
  };
}

async function sweep(folder: string, oldest: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && found.mtimeMs < oldest) await rm(path, { force: true });
  }
}

async function write(path: string, text: string, folder: string): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  }
}

function recordFrom(value: unknown): UploadRecord | undefined {
  const { location, owner } = (value ?? {}) as { location?: unknown; owner?: unknown };
  return typeof location === 'string' && URL.canParse(location) && typeof owner === 'number'
    ? { location, owner }
    : undefined;
}
