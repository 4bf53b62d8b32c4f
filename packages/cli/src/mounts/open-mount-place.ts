// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { MountPlace } from '@img-build/exporters';
import type { Locks } from '@img-build/interfaces';
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

/** Locks of this state directory that stand for a folder elsewhere. */
function folderLocks(locks: Locks, folder: string): Locks {
  const name = createHash('sha256').update(join(folder)).digest('hex');
  return { acquire: (what, options) => locks.acquire(`folder-${name}-${what}`, options) };
}
