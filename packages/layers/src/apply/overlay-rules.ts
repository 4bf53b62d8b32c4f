// SPDX-License-Identifier: MIT
import type { HostCalls } from '@img-build/interfaces';
import type { ByteString } from '../tar/byte-string.ts';
import { type Attributes, readAttributes, setFolderAttributes, type Warn } from '../tree/attributes.ts';
import { copyFile } from '../tree/copy-file.ts';
import { type FolderStack, lookUpPath, lstatOf } from '../tree/folder-stack.ts';
import { type MarkNamespace, makeWhiteout, markOpaque } from '../tree/overlay-marks.ts';
import { parentOf } from '../unpack/entry-path.ts';
import { DEFAULT_FOLDER } from './default-folder.ts';
import type { LayerFolders } from './layer-folders.ts';
import type { LowerRules } from './layer-target.ts';

/** What {@link overlayRules} works with. */
export interface OverlayRulesOptions {
  readonly host: HostCalls;
  readonly folders: LayerFolders;
  readonly lower: FolderStack;
  readonly namespace: MarkNamespace;
  readonly warn: Warn;
}

/**
 * Rules for the upper folder of an overlay. All marks are written at the end: whether one is needed, and which, depends
 * on what the layers below have and on what the layer itself put in the same place before or after.
 */
export function overlayRules({ host, folders, lower, namespace, warn }: OverlayRulesOptions): LowerRules {
  const hidden = new Set<ByteString>();
  const emptied = new Set<ByteString>();

  /** Whether this layer hides what the layers below have at a path. */
  const isHidden = (path: ByteString): boolean => {
    for (let at = path; ; at = parentOf(at)) {
      if (hidden.has(at)) return true;
      if (at === '') return false;
      if (emptied.has(parentOf(at))) return true;
    }
  };
  const inherited = (path: ByteString): Attributes => {
    const found = path === '' || isHidden(path) ? undefined : lookUpPath(host, lower, path);
    return found?.stack === undefined ? DEFAULT_FOLDER : readAttributes(host, found.path, found.stat);
  };
  const writeWhiteout = (path: ByteString): void => {
    const folder = parentOf(path);
    if (emptied.has(folder) || isHidden(folder) || lookUpPath(host, lower, path) === undefined) return;
    const existing = lstatOf(folders.real(path));
    if (existing?.isDirectory() === true) markOpaque(host, namespace, folders.real(path));
    if (existing !== undefined) return;
    if (folders.find(folder) !== folder) return;
    folders.resolve(folder);
    makeWhiteout(host, folders.real(path));
  };
  const hasFolderBelow = (path: ByteString): boolean =>
    path === '' || lookUpPath(host, lower, path)?.stack !== undefined;

  return {
    needsLower: true,
    made() {},
    hide: (path) => hidden.add(path),
    hideContents: (folder) => emptied.add(folder),
    provide(path) {
      const found = isHidden(path) ? undefined : lookUpPath(host, lower, path);
      if (found === undefined || found.stat.isDirectory()) return false;
      folders.resolve(parentOf(path));
      copyFile(host, found, folders.real(path), warn);
      return true;
    },
    writeMarks() {
      for (const path of emptied) {
        if (!hasFolderBelow(path) || folders.find(path) !== path) continue;
        if (isHidden(path) && lstatOf(folders.real(path)) === undefined) continue;
        folders.resolve(path);
        markOpaque(host, namespace, folders.real(path));
      }
      for (const path of folders.replacing) {
        if (hasFolderBelow(path)) markOpaque(host, namespace, folders.real(path));
      }
      for (const path of hidden) writeWhiteout(path);
    },
    finishFolders() {
      for (const [path, plan] of folders.plans) {
        setFolderAttributes(
          host,
          folders.real(path),
          plan.type === 'implied' ? inherited(path) : plan.attributes,
          warn,
        );
      }
    },
  };
}
