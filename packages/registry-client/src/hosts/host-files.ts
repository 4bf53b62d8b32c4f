// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { type BuildkitToml, parseBuildkitToml } from './buildkitd-toml.ts';
import { type CertificateFiles, findCertificates, hostFolderNames, listed } from './certificate-folder.ts';
import { type HostsToml, parseHostsToml } from './hosts-toml.ts';
import {
  mergeEntries,
  parseRegistriesConf,
  type RegistriesConf,
  type RegistriesEntry,
} from './registries-conf.ts';
import { readSettingsFile } from './settings-file.ts';
import type { SettingsPlaces } from './settings-places.ts';

/** The registries of podman's files, joined. */
export interface RegistriesFiles {
  readonly entries: readonly RegistriesEntry[];
  /** The files read, weakest first. */
  readonly files: readonly RegistriesConf[];
}

/** The settings files of this machine; each is read when it is first asked for, and once. */
export interface HostFiles {
  readonly places: SettingsPlaces;
  /** The `hosts.toml` of a host, or the one in `_default`. */
  hostsToml(host: string): Promise<HostsToml | undefined>;
  defaultHostsToml(): Promise<HostsToml | undefined>;
  buildkit(): Promise<BuildkitToml | undefined>;
  registries(): Promise<RegistriesFiles>;
  /** The folders with certificates of a host, best first: only the first counts. */
  certificates(host: string): Promise<readonly CertificateFiles[]>;
}

/** The folder for hosts that have none of their own. */
const DEFAULT_FOLDER = '_default';

/** Creates {@link HostFiles} that read nothing yet. */
export function createHostFiles(places: SettingsPlaces): HostFiles {
  const byHost = memoized(async (host) => await readHostsToml(places.hostFolders, hostFolderNames(host)));
  const byDefault = memoized(async () => await readHostsToml(places.hostFolders, [DEFAULT_FOLDER]));
  const certificates = memoized(async (host) => {
    const found = await Promise.all(
      foldersOf(places, host).map(async (folder) => await findCertificates(folder)),
    );
    return found.filter((files) => files !== undefined);
  });
  const buildkit = memoized(async () => {
    for (const path of places.buildkit) {
      const text = await readSettingsFile(path);
      if (text !== undefined) return parseBuildkitToml(text, path);
    }
    return undefined;
  });
  const registries = memoized(async () => await readRegistries(places));
  return {
    places,
    hostsToml: byHost,
    defaultHostsToml: async () => await byDefault(''),
    certificates,
    buildkit: async () => await buildkit(''),
    registries: async () => await registries(''),
  };
}

/** A host's own folders before those for all hosts. */
function foldersOf({ hostFolders }: SettingsPlaces, host: string): readonly string[] {
  const names = hostFolderNames(host);
  if (names.length === 0) return [];
  return [
    ...hostFolders.flatMap((root) => names.map((name) => join(root, name))),
    ...hostFolders.map((root) => join(root, DEFAULT_FOLDER)),
  ];
}

async function readHostsToml(
  roots: readonly string[],
  names: readonly string[],
): Promise<HostsToml | undefined> {
  for (const folder of roots.flatMap((root) => names.map((name) => join(root, name)))) {
    const path = join(folder, 'hosts.toml');
    const text = await readSettingsFile(path);
    if (text !== undefined) return parseHostsToml(text, path, folder);
  }
  return undefined;
}

async function readRegistries(places: SettingsPlaces): Promise<RegistriesFiles> {
  const files: RegistriesConf[] = [];
  for (const path of places.registries) {
    const text = await readSettingsFile(path);
    if (text === undefined) continue;
    files.push(parseRegistriesConf(text, path));
    break;
  }
  for (const folder of places.registriesFolders) {
    for (const name of (await listed(folder)).filter((one) => one.endsWith('.conf'))) {
      const text = await readSettingsFile(join(folder, name));
      if (text !== undefined) files.push(parseRegistriesConf(text, join(folder, name)));
    }
  }
  return { entries: mergeEntries(files), files };
}

/** Does work once per key; failures are not remembered. */
function memoized<Value>(work: (key: string) => Promise<Value>): (key: string) => Promise<Value> {
  const done = new Map<string, Promise<Value>>();
  return (key) => {
    const known = done.get(key);
    if (known !== undefined) return known;
    const made = work(key);
    done.set(key, made);
    made.catch(() => done.delete(key));
    return made;
  };
}
