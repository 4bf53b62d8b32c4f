// SPDX-License-Identifier: MIT
import type { UploadStore } from '../transfer/upload-store.ts';
import { type Place, type Upload, uploadStatus } from './upload-session.ts';

/** Where an upload stands, beyond the life of the process. */
export interface UploadMemory {
  /** The upload of an earlier process, if the registry still has its beginning. */
  recall(): Promise<Place | undefined>;
  keep(place: Place): Promise<void>;
  forget(): Promise<void>;
}

/** Remembers one upload. Failures of the store cost the chance to resume, never the upload. */
export function createUploadMemory(upload: Upload, store: UploadStore | undefined): UploadMemory {
  if (store === undefined)
    return { recall: async () => undefined, keep: async () => {}, forget: async () => {} };
  const { reference, descriptor } = upload;
  const key = `${reference.domain}/${reference.path}@${descriptor.digest}`;
  let kept: string | undefined;
  return {
    async recall() {
      const record = await store.load(key).catch(() => undefined);
      // Two processes that send to one upload would mix their bytes.
      if (record === undefined || isAtWork(record.owner)) return undefined;
      return await uploadStatus(upload, new URL(record.location));
    },
    async keep({ location }) {
      if (location.href === kept) return;
      kept = location.href;
      await store.save(key, { location: kept, owner: process.pid }).catch(() => {});
    },
    async forget() {
      // Another process may have its own upload of the blob under way.
      const record = await store.load(key).catch(() => undefined);
      if (record === undefined || (kept === undefined && isAtWork(record.owner))) return;
      await store.remove(key).catch(() => {});
    },
  };
}

function isAtWork(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === 'EPERM';
  }
}
