// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDirectoryContentStore } from '@img-build/content-store';
import { createHostCalls } from '@img-build/host';
import { describeContentStore } from '@img-build/testkit';
import { afterAll } from '@jest/globals';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

describeContentStore('the directory store', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'content-store-'));
  folders.push(folder);
  return createDirectoryContentStore({ root: join(folder, 'content'), host: createHostCalls() });
});
