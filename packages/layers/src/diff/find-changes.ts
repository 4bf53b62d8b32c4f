// SPDX-License-Identifier: MIT
import type { HostCalls } from '@img-build/interfaces';
import type { ByteString } from '../tar/byte-string.ts';
import { entryTypeOf, inodeKey } from '../tree/file-header.ts';
import { type FolderStack, type Found, listNames, lookUp, namesIn } from '../tree/folder-stack.ts';
import { isOpaque } from '../tree/overlay-marks.ts';
import { joinPath } from '../unpack/entry-path.ts';
import { isSameFile } from './same-file.ts';

/** One entry of the layer to be: something that is there now, or (without a file) something that is gone. */
export interface Change {
  readonly path: ByteString;
  readonly file: Found | undefined;
}

/** The upper tree. `partial`: its one folder lies on top of the lower tree and holds only what changed (overlay). */
export interface UpperTree extends FolderStack {
  readonly partial: boolean;
}

const NOTHING: FolderStack = { folders: [], marks: false };

/**
 * Compares two trees, and lists what the layer between them holds, folder by folder, names sorted by their bytes, every
 * change preceded by the folders it lies in. An overlay's upper folder and two whole trees give the same list for the
 * same change: whiteouts are one per name and never opaque, and a file that was copied up and is as before is no change.
 */
export async function findChanges(
  host: HostCalls,
  lower: FolderStack,
  upper: UpperTree,
  breathe: () => Promise<void> | undefined,
): Promise<readonly Change[]> {
  const first = new ChangeWalk(host, breathe, new Set());
  await first.walk('', lower, upper);
  const left = first.unchangedLinks();
  if (left.size === 0) return first.changes;
  // A new name of an old file can only be told as a hardlink when the old name is in the layer as well.
  const second = new ChangeWalk(host, breathe, left);
  await second.walk('', lower, upper);
  return second.changes;
}

interface LinkGroup {
  changed: boolean;
  readonly unchanged: ByteString[];
}

class ChangeWalk {
  readonly changes: Change[] = [];
  readonly #host: HostCalls;
  readonly #breathe: () => Promise<void> | undefined;
  readonly #forced: ReadonlySet<ByteString>;
  readonly #groups = new Map<string, LinkGroup>();

  constructor(host: HostCalls, breathe: () => Promise<void> | undefined, forced: ReadonlySet<ByteString>) {
    this.#host = host;
    this.#breathe = breathe;
    this.#forced = forced;
  }

  /** Unchanged names of files that got a new name or changed under another one. */
  unchangedLinks(): ReadonlySet<ByteString> {
    return new Set([...this.#groups.values()].flatMap((group) => (group.changed ? group.unchanged : [])));
  }

  async walk(folder: ByteString, lower: FolderStack, upper: UpperTree): Promise<void> {
    for (const name of this.#names(lower, upper)) {
      const path = joinPath(folder, name);
      const before = lookUp(this.#host, lower, name);
      const now = lookUp(this.#host, upper, name);
      await this.#breathe();
      if (now === undefined || entryTypeOf(now.stat) === undefined) {
        if (before !== undefined) this.changes.push({ path, file: undefined });
      } else {
        await this.#compare(path, before, now, upper.partial);
      }
    }
  }

  async #compare(path: ByteString, before: Found | undefined, now: Found, partial: boolean): Promise<void> {
    const changed =
      before === undefined ||
      !(await isSameFile(this.#host, now, before, this.#breathe)) ||
      this.#forced.has(path);
    this.#noteLink(path, now, changed);
    if (now.stack === undefined) {
      if (changed) this.changes.push({ path, file: now });
      return;
    }
    const at = this.changes.length;
    this.changes.push({ path, file: now });
    const stillPartial = partial && before?.stack !== undefined && !isOpaque(this.#host, now.path);
    await this.walk(path, before?.stack ?? NOTHING, { ...now.stack, partial: stillPartial });
    if (!changed && this.changes.length === at + 1) this.changes.pop();
  }

  #noteLink(path: ByteString, { stat }: Found, changed: boolean): void {
    if (stat.nlink < 2n || stat.isDirectory()) return;
    const key = inodeKey(stat);
    const group = this.#groups.get(key) ?? { changed: false, unchanged: [] };
    if (changed) group.changed = true;
    else group.unchanged.push(path);
    this.#groups.set(key, group);
  }

  #names(lower: FolderStack, upper: UpperTree): readonly ByteString[] {
    if (upper.partial) return namesIn(upper.folders[0] as ByteString);
    const names = new Set(listNames(this.#host, upper));
    for (const name of listNames(this.#host, lower)) names.add(name);
    return [...names].sort();
  }
}
