// SPDX-License-Identifier: MIT
import { createCipheriv } from 'node:crypto';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How large a tree of files is to be. */
export interface TreeSize {
  readonly files: number;
  /** Bytes of each file. */
  readonly size: number;
}

const FILES_PER_FOLDER = 100;
const FOLDERS_PER_FOLDER = 10;
/** Milliseconds since the Unix epoch; long ago, so that no cache takes the files for ones that may still change. */
const OLD = 1_600_000_000_000;

/** Writes a tree three folders deep, of files that differ and cannot be compressed. */
export function writeTree(folder: string, { files, size }: TreeSize): void {
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16));
  const zeros = Buffer.alloc(size);
  for (let index = 0; index < files; index++) {
    const path = treeFile(folder, index);
    if (index % FILES_PER_FOLDER === 0) mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, noise.update(zeros));
    utimesSync(path, OLD / 1000, OLD / 1000);
  }
}

/** Where the file of that number is. */
export function treeFile(folder: string, index: number): string {
  const place = Math.floor(index / FILES_PER_FOLDER);
  const group = Math.floor(place / FOLDERS_PER_FOLDER);
  return join(folder, 'src', `package-${group}`, `module-${place}`, `some-source-file-${index}.ts`);
}
