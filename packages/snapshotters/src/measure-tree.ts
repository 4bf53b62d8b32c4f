// SPDX-License-Identifier: MIT
import { lstatSync, readdirSync } from 'node:fs';
import type { AbortOptions, SnapshotUsage } from '@img-build/interfaces';
import { createPace } from './pace.ts';

const BLOCK = 512n;
const SLASH = Buffer.from('/');

/** What a folder and everything in it takes on disk: allocated blocks, each file counted once however many names it has. */
export async function measureTree(path: string, options: AbortOptions = {}): Promise<SnapshotUsage> {
  const pace = createPace(options);
  const seen = new Set<bigint>();
  let blocks = 0n;
  let inodes = 0;

  async function add(at: Buffer): Promise<void> {
    const stats = lstatSync(at, { bigint: true });
    if (stats.nlink > 1n && !stats.isDirectory()) {
      if (seen.has(stats.ino)) return;
      seen.add(stats.ino);
    }
    blocks += stats.blocks;
    inodes++;
    if (!stats.isDirectory()) return;
    for (const name of readdirSync(at, { encoding: 'buffer' })) {
      await pace();
      await add(Buffer.concat([at, SLASH, name]));
    }
  }

  await add(Buffer.from(path));
  return { size: Number(blocks * BLOCK), inodes };
}
