// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SettingsFilesOptions } from '../../src/index.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A home folder and an `/etc` of a test, with files in them. */
export interface TestSettings {
  readonly root: string;
  /** For clients: reads these files and no others. */
  readonly options: { readonly settingsFiles: SettingsFilesOptions };
}

/** Writes files below `home/` and `etc/`. */
export async function writeSettings(files: Readonly<Record<string, string>>): Promise<TestSettings> {
  const root = await temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return { root, options: { settingsFiles: { home: join(root, 'home'), etc: join(root, 'etc') } } };
}
