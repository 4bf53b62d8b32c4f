// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { hostFolderNames } from '../hosts/certificate-folder.ts';
import type { HostFiles } from '../hosts/host-files.ts';
import { canonicalDomain, type HostPlan } from '../hosts/host-plan.ts';
import { matchEntry } from '../hosts/registries-conf.ts';
import { readSettingsFile } from '../hosts/settings-file.ts';
import type { ConsideredFile } from './explanation.ts';

/** All the places that could say which hosts serve a repository, in the order of their weight, and what became of each. */
export async function consideredFiles(
  files: HostFiles,
  { domain, path, decidedBy }: HostPlan,
): Promise<readonly ConsideredFile[]> {
  const name = canonicalDomain(domain);
  const outcome = async (
    place: string,
    speaks: (there: string) => Promise<boolean>,
  ): Promise<ConsideredFile> => {
    if (place === decidedBy) return { place, outcome: 'used' };
    if ((await readSettingsFile(place)) === undefined) return { place, outcome: 'missing' };
    const first = instead(place);
    if (first !== undefined) return { place, outcome: 'outweighed', lostTo: first };
    if (!(await speaks(place))) return { place, outcome: 'nothing for this host' };
    return { place, outcome: 'outweighed', ...(decidedBy === undefined ? {} : { lostTo: decidedBy }) };
  };
  const buildkit = await files.buildkit();
  // Of a user's and the system's file only the first that exists is read.
  const instead = (place: string): string | undefined => {
    if (places.buildkit.includes(place) && buildkit?.path !== place) return buildkit?.path;
    const main = registries.find((file) => places.registries.includes(file.path))?.path;
    return places.registries.includes(place) && main !== place ? main : undefined;
  };
  const always = async (): Promise<boolean> => true;
  const { places } = files;
  const { files: registries } = await files.registries();
  const inRegistries = async (place: string): Promise<boolean> =>
    matchEntry(registries.find((file) => file.path === place)?.entries ?? [], `${name}/${path}`) !==
    undefined;
  const inBuildkit = async (): Promise<boolean> => (buildkit?.registries.get(name)?.mirrors.length ?? 0) > 0;
  const podman = [...registries.map((file) => file.path).toReversed(), ...places.registries];
  return await Promise.all([
    ...hostsFiles(places.hostFolders, hostFolderNames(name)).map(
      async (place) => await outcome(place, always),
    ),
    ...places.buildkit.map(async (place) => await outcome(place, inBuildkit)),
    ...[...new Set(podman)].map(async (place) => await outcome(place, inRegistries)),
    ...hostsFiles(places.hostFolders, ['_default']).map(async (place) => await outcome(place, always)),
  ]);
}

function hostsFiles(roots: readonly string[], names: readonly string[]): readonly string[] {
  return roots.flatMap((root) => names.map((name) => join(root, name, 'hosts.toml')));
}
