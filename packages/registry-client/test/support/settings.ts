// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RegistryEvent, SettingsFilesOptions } from '../../src/index.ts';
import type { ScriptedRegistry } from '../../src/testing/index.ts';
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

/** Path of a host's `hosts.toml` in the place of containerd. */
export function etcHosts(host: string): string {
  return `etc/containerd/certs.d/${host}/hosts.toml`;
}

/** Puts mirrors in front of a registry, by `hosts.toml`. */
export async function mirroredBy(
  registry: ScriptedRegistry,
  ...mirrors: readonly (string | ScriptedRegistry)[]
): Promise<TestSettings> {
  const addresses = mirrors.map((mirror) => (typeof mirror === 'string' ? mirror : mirror.origin));
  const text = addresses.map((address) => `[host."${address}"]\ncapabilities = ["pull", "resolve"]\n`);
  return await writeSettings({ [etcHosts(registry.host)]: text.join('') });
}

/** What was reported about mirrors. */
export function mirrorFailures(
  events: readonly RegistryEvent[],
): readonly (RegistryEvent & { readonly type: 'mirror-failed' })[] {
  return events.filter((event) => event.type === 'mirror-failed');
}
