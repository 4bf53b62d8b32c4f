// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { type Metadata, type MetadataOptions, openMetadata } from '../src/metadata.ts';

const cleanups: (() => Promise<void> | void)[] = [];

/** Makes a path for a database in a folder of its own, removed after the test. */
export function statePath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'img-metadata-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'state.db');
}

/** Opens a database, a new one unless `path` says otherwise; closed after the test. */
export function openState(options: Partial<MetadataOptions> = {}): Metadata {
  const metadata = openMetadata({ path: statePath(), ...options });
  cleanups.push(() => metadata.close());
  return metadata;
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
