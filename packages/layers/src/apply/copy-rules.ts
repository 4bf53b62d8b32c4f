// SPDX-License-Identifier: MIT
import type { HostCalls } from '@img-build/interfaces';
import type { ByteString } from '../tar/byte-string.ts';
import { setFolderAttributes, type Warn } from '../tree/attributes.ts';
import { lstatOf, namesIn } from '../tree/folder-stack.ts';
import { joinPath, parentOf } from '../unpack/entry-path.ts';
import { DEFAULT_FOLDER } from './default-folder.ts';
import type { LayerFolders } from './layer-folders.ts';
import type { LowerRules } from './layer-target.ts';

/** What {@link copyRules} works with. */
export interface CopyRulesOptions {
  readonly host: HostCalls;
  readonly folders: LayerFolders;
  /** Nothing was in the target before, so there is nothing to hide. */
  readonly fresh: boolean;
  readonly warn: Warn;
}

/** Rules for a folder that already holds a copy of the layers below: what is hidden is removed at once. */
export function copyRules({ host, folders, fresh, warn }: CopyRulesOptions): LowerRules {
  const own = new Set<ByteString>();

  /** Removes what the layers below have at a path and leaves what this layer put there. */
  const purge = (path: ByteString): void => {
    const stat = lstatOf(folders.real(path));
    if (stat === undefined) return;
    const known = folders.plans.has(path);
    if (!stat.isDirectory() || !known) {
      if (!own.has(path)) folders.clear(path);
      return;
    }
    folders.resetToImplied(path);
    purgeContents(path);
  };
  const purgeContents = (folder: ByteString): void => {
    for (const name of namesIn(folders.real(folder))) purge(joinPath(folder, name));
  };
  const unlessLinked = (path: ByteString, purgeIt: () => void): void => {
    if (!fresh && folders.find(path) === path) purgeIt();
  };

  return {
    needsLower: false,
    made(path) {
      if (!fresh) own.add(path);
    },
    hide: (path) => unlessLinked(parentOf(path), () => purge(path)),
    hideContents: (folder) =>
      unlessLinked(folder, () => lstatOf(folders.real(folder)) !== undefined && purgeContents(folder)),
    provide: () => false,
    writeMarks() {},
    finishFolders() {
      for (const [path, plan] of folders.plans) {
        setFolderAttributes(
          host,
          folders.real(path),
          plan.type === 'implied' ? DEFAULT_FOLDER : plan.attributes,
          warn,
        );
      }
    },
  };
}
