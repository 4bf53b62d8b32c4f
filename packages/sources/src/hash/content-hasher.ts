// SPDX-License-Identifier: MIT
import { createHash, type Hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type {
  AbortOptions,
  ChecksumSelector,
  Clock,
  FileDigest,
  HostTree,
  ProgressOptions,
  StatCache,
} from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import { type BytePath, baseName, bytePath, rootedPath } from '../tree/byte-path.ts';
import { type FileTree, openFileTree, type TreeEntry } from '../tree/file-tree.ts';
import { requirePath } from '../tree/resolve-path.ts';
import { walkTree } from '../tree/walk-tree.ts';
import { type DigestCache, NO_DIGEST_CACHE, openDigestCache } from './digest-cache.ts';
import {
  entryDigest,
  hasData,
  readBuffer,
  SMALL_FILE_BYTES,
  streamedEntryDigest,
  type XattrReader,
} from './entry-digest.ts';
import { listSelected } from './selected-entries.ts';
import { selectPaths } from './selected-paths.ts';

/** What the hasher works with. */
export interface ContentHasherOptions {
  /** Used for trees that are rootOwned: those are folders of the user that change and come back. */
  readonly statCache?: StatCache | undefined;
  /** Without it extended attributes are taken to be absent. */
  readonly xattrs?: XattrReader | undefined;
  readonly clock?: Clock | undefined;
}

/** Computes content digests of trees. */
export interface ContentHasher {
  /**
   * Reads all of a tree ahead, once: checksums of this very object are answered from what was read.
   *
   * @param options - `onProgress` is told the bytes of the files that had to be read, so far; what the stat cache knows is
   *   not read.
   */
  load(tree: Omit<HostTree, 'type'>, options?: AbortOptions & ProgressOptions): Promise<void>;
  /**
   * One digest per selector.
   *
   * @throws SourceError `TREE_PATH_NOT_FOUND`, `TREE_TOO_MANY_LINKS`, `TREE_PATTERN_INVALID`
   */
  checksum(
    tree: Omit<HostTree, 'type'>,
    selectors: readonly ChecksumSelector[],
    options?: AbortOptions,
  ): Promise<readonly Digest[]>;
  /**
   * The entries that {@link ContentHasher.checksum} looks at, one by one, without reading any file: `undefined` for a tree
   * that was not loaded.
   */
  list(
    tree: Omit<HostTree, 'type'>,
    selectors: readonly ChecksumSelector[],
  ): Promise<readonly FileDigest[] | undefined>;
}

/** Digest of nothing: also what a selection of nothing has, and the header of a client's root folder. */
const EMPTY: Digest = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** Milliseconds after which other work of the process gets its turn. */
const TURN_MILLISECONDS = 20;

/**
 * Creates a hasher whose digests are BuildKit's content digests: of mode, owner, size, link target, extended
 * attributes and data, never of times.
 *
 * @see BuildKit, cache/contenthash
 */
export function createContentHasher(options: ContentHasherOptions = {}): ContentHasher {
  const { statCache, xattrs, clock = Date.now } = options;
  const loaded = new WeakMap<object, HashedTree>();

  function open(from: Omit<HostTree, 'type'>, reading: AbortOptions & ProgressOptions): HashedTree {
    const tree = openFileTree(from);
    const cache =
      statCache === undefined || !from.rootOwned
        ? NO_DIGEST_CACHE
        : openDigestCache(statCache, from.path, clock);
    return { tree, cache, digests: createTreeDigests(tree, { cache, xattrs, ...reading }) };
  }

  return {
    async load(from, reading = {}) {
      const opened = open(from, reading);
      const { tree, cache, digests } = opened;
      for (const { entry } of walkTree(tree, tree.root))
        if (entry.kind === 'directory' || digests.known(entry) === undefined) await digests.header(entry);
      cache.save();
      loaded.set(from, opened);
    },
    async checksum(from, selectors, { signal } = {}) {
      const { tree, cache, digests } = loaded.get(from) ?? open(from, { signal });
      const sums: Digest[] = [];
      for (const selector of selectors) sums.push(await selectorDigest(tree, selector, digests));
      cache.save();
      return sums;
    },
    async list(from, selectors) {
      const known = loaded.get(from);
      return known && (await listSelected(known, selectors));
    },
  };
}

/** A tree and what is known of it. */
export interface HashedTree {
  readonly tree: FileTree;
  readonly cache: DigestCache;
  readonly digests: TreeDigests;
}

async function selectorDigest(
  tree: FileTree,
  selector: ChecksumSelector,
  digests: TreeDigests,
): Promise<Digest> {
  const follow = selector.followLinks === true;
  if (selector.wildcard !== true && isEmpty(selector.includePatterns) && isEmpty(selector.excludePatterns)) {
    return digests.content(requirePath(tree, bytePath(selector.path), follow));
  }
  const { prefix, paths } = selectPaths(tree, selector);
  const named: { readonly path: BytePath; readonly digest: Digest }[] = [];
  for (const { path, entry, isNamed } of paths) {
    // Links inside a folder are copied as links.
    const digest =
      follow && isNamed && entry.kind === 'symlink'
        ? await digests.content(requirePath(tree, entry.path, true))
        : (digests.known(entry) ?? (await digests.header(entry)));
    named.push({ path, digest });
  }
  const [only, second] = named;
  if (only === undefined) return EMPTY;
  if (second === undefined && baseName(rootedPath(bytePath(selector.path))) === baseName(only.path))
    return only.digest;
  const sum = createHash('sha256');
  for (const { path, digest } of named)
    addNamed(sum, prefix === '' ? path : path.slice(prefix.length + 1), digest);
  return `sha256:${sum.digest('hex')}`;
}

/** Digests of the entries of one tree, each computed once. */
export interface TreeDigests {
  /** What {@link TreeDigests.header} resolves to, where no file has to be read for it. */
  known(entry: TreeEntry): Digest | undefined;
  /** Of the entry alone. */
  header(entry: TreeEntry): Promise<Digest>;
  /** Of a folder with everything in it; of anything else, the same as `header`. */
  content(entry: TreeEntry): Promise<Digest>;
}

interface TreeDigestsOptions extends AbortOptions, ProgressOptions {
  readonly cache: DigestCache;
  readonly xattrs: XattrReader | undefined;
}

function createTreeDigests(
  tree: FileTree,
  { cache, xattrs, signal, onProgress }: TreeDigestsOptions,
): TreeDigests {
  const headers = new Map<TreeEntry, Digest>();
  const contents = new Map<TreeEntry, Digest>();
  const links = new Map<string, Digest>();
  let buffer: Buffer | undefined;
  let turn = performance.now();
  let read = 0;

  async function pause(): Promise<void> {
    signal?.throwIfAborted();
    if (performance.now() - turn < TURN_MILLISECONDS) return;
    await setImmediate();
    turn = performance.now();
  }

  function known(entry: TreeEntry): Digest | undefined {
    const before = headers.get(entry);
    if (before !== undefined) return before;
    const digest = withoutReading(entry);
    if (digest !== undefined) headers.set(entry, digest);
    return digest;
  }

  function withoutReading(entry: TreeEntry): Digest | undefined {
    // A client does not send its root folder's own attributes.
    if (entry.path === '' && tree.rootOwned) return EMPTY;
    if (!hasData(entry)) return entryDigest(entry, xattrs);
    const inode = inodeOf(entry);
    return cache.get(entry) ?? (inode === undefined ? undefined : links.get(inode));
  }

  async function header(entry: TreeEntry): Promise<Digest> {
    await pause();
    const before = known(entry);
    if (before !== undefined) return before;
    const isSmall = entry.stats.size <= SMALL_FILE_BYTES;
    if (isSmall) buffer ??= readBuffer();
    const digest = isSmall
      ? entryDigest(entry, xattrs, buffer)
      : await streamedEntryDigest(entry, xattrs, { signal });
    const inode = inodeOf(entry);
    if (inode !== undefined) links.set(inode, digest);
    read += Number(entry.stats.size);
    onProgress?.(read);
    cache.set(entry, digest);
    headers.set(entry, digest);
    return digest;
  }

  async function content(entry: TreeEntry): Promise<Digest> {
    if (entry.kind !== 'directory') return header(entry);
    const before = contents.get(entry);
    if (before !== undefined) return before;
    await pause();
    const sum = createHash('sha256');
    addNamed(sum, '', known(entry) ?? (await header(entry)));
    for (const child of tree.list(entry)) {
      const file = child.kind === 'directory' ? undefined : known(child);
      addNamed(sum, baseName(child.path), file ?? (await content(child)));
    }
    const digest: Digest = `sha256:${sum.digest('hex')}`;
    contents.set(entry, digest);
    return digest;
  }

  return { known, header, content };
}

/** Names a file that has other names; reading it once is enough. */
function inodeOf({ stats }: TreeEntry): string | undefined {
  return stats.nlink > 1n ? `${stats.dev}:${stats.ino}` : undefined;
}

function addNamed(sum: Hash, path: BytePath, digest: Digest): void {
  sum.update(`\0${path.replaceAll('/', '\0')}${digest}`, 'latin1');
}

function isEmpty(patterns: readonly string[] | undefined): boolean {
  return patterns === undefined || patterns.length === 0;
}
