// SPDX-License-Identifier: MIT
import type { MountPlace } from '@img-build/exporters';
import { folderLocks } from '../wiring/folder-locks.ts';
import { insecureHosts } from '../wiring/insecure-hosts.ts';
import type { Services } from '../wiring/services.ts';
import type { MountPlaceSpec } from './mount-place-spec.ts';

/** Opens a place; nothing is read or connected before it is used. */
export async function openMountPlace(services: Services, spec: MountPlaceSpec): Promise<MountPlace> {
  const [{ createFolderMounts, createRegistryMounts }, content, locks] = await Promise.all([
    import('@img-build/exporters'),
    services.content(),
    services.locks(),
  ]);
  const { platform } = services;
  if (spec.type === 'registry') {
    const { reference, insecure } = spec;
    const hosts = insecureHosts(insecure, reference);
    return createRegistryMounts({ reference, content, platform, registry: () => services.registry(hosts) });
  }
  return createFolderMounts({
    folder: spec.folder,
    tag: spec.tag,
    content,
    platform,
    locks: (folder) => folderLocks(locks, folder),
    onWarning: (message) => services.logger.warn(message),
  });
}
