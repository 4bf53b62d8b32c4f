// SPDX-License-Identifier: MIT
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Folders that live as long as one operation. */
export interface ScratchFolder {
  /** A new empty folder, mode 0700. */
  make(purpose: string): string;
  /** Removes a folder and what is in it; nothing may be mounted below. */
  remove(folder: string): void;
  /** Removes everything. */
  clear(): void;
}

/** Keeps scratch folders below `root`, which belongs to this process alone. */
export function createScratchFolder(root: string): ScratchFolder {
  let next = 0;
  mkdirSync(root, { recursive: true, mode: 0o700 });
  return {
    make(purpose) {
      const folder = join(root, `${purpose}-${next++}`);
      mkdirSync(folder, { mode: 0o700 });
      return folder;
    },
    remove(folder) {
      rmSync(folder, { recursive: true, force: true });
    },
    clear() {
      rmSync(root, { recursive: true, force: true });
    },
  };
}
