// SPDX-License-Identifier: MIT
import type { ContentIngester, Differ, HostCalls, Mount } from '@img-build/interfaces';
import { createBreather } from '../breathe.ts';
import type { PackEntry } from '../tar/pack-entries.ts';
import { NO_XATTRS, type TarHeader } from '../tar/tar-header.ts';
import { entryOf, LinkNames, type TimeRule } from '../tree/file-header.ts';
import { mountFolders } from '../tree/mount-stack.ts';
import { baseOf, joinPath, parentOf } from '../unpack/entry-path.ts';
import { type Change, findChanges, type UpperTree } from './find-changes.ts';
import { packLayer } from './pack-layer.ts';

/** What a differ needs. */
export interface DifferOptions {
  /** Takes the finished layer. */
  readonly content: ContentIngester;
  readonly host: HostCalls;
}

/**
 * Makes a differ that sees files as the calling process does: owners are those of its user namespace. Nothing is
 * mounted; an overlay whose lower folders are the lower snapshot's is read by its upper folder alone.
 *
 * Layers hold whole seconds, as those of other builders do.
 */
export function createDiffer({ content, host }: DifferOptions): Differ {
  return {
    async diff(lower, upper, options = {}) {
      options.signal?.throwIfAborted();
      const { before, now } = pair(lower, upper);
      const changes = await findChanges(host, before, now, createBreather(options.signal));
      return packLayer(content, entriesOf(host, changes, timeRule(options.rewriteTimestamp)), options);
    },
  };
}

/** The two trees to compare; when the upper one is an overlay on exactly the lower one, only its own folder. */
function pair(
  lower: readonly Mount[],
  upper: readonly Mount[],
): {
  readonly before: { readonly folders: readonly string[]; readonly marks: boolean };
  readonly now: UpperTree;
} {
  const before = mountFolders(lower);
  const now = mountFolders(upper);
  const [top, ...rest] = now.folders;
  const stacked =
    now.marks &&
    top !== undefined &&
    rest.length === before.folders.length &&
    rest.every((folder, index) => folder === before.folders[index]);
  if (!stacked) return { before, now: { folders: now.folders, marks: now.marks, partial: false } };
  return {
    before: { folders: before.folders, marks: true },
    now: { folders: [top], marks: true, partial: before.folders.length > 0 },
  };
}

function* entriesOf(host: HostCalls, changes: readonly Change[], time: TimeRule): Generator<PackEntry> {
  const links = new LinkNames();
  for (const { path, file } of changes) {
    const entry = file === undefined ? whiteout(path) : entryOf(host, file, path, links, time);
    if (entry !== undefined) yield entry;
  }
}

/** @see image-spec v1.1.1, layer.md, "Whiteouts" */
function whiteout(path: string): PackEntry {
  const header: TarHeader = {
    name: joinPath(parentOf(path), `.wh.${baseOf(path)}`),
    type: 'file',
    mode: 0,
    uid: 0,
    gid: 0,
    size: 0,
    modified: { seconds: 0n, nanoseconds: 0 },
    linkName: '',
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: NO_XATTRS,
    sparse: false,
  };
  return { header, content: undefined };
}

function timeRule(latest: number | undefined): TimeRule {
  const limit = latest === undefined ? undefined : BigInt(latest);
  return ({ seconds }) => ({
    seconds: limit !== undefined && seconds > limit ? limit : seconds,
    nanoseconds: 0,
  });
}
