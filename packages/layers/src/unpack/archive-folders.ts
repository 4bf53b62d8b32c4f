// SPDX-License-Identifier: MIT
import { closeSync, constants, mkdirSync } from 'node:fs';
import { isSystemError } from '@img-build/errors';
import type { HostCalls } from '@img-build/interfaces';
import { invalid } from '../layer-error.ts';
import { type ByteString, pathOf, textOf } from '../tar/byte-string.ts';
import { setOwner } from '../tree/attributes.ts';
import { joinPath, parentOf } from './entry-path.ts';

/** Not in `fs.constants`; the same on every architecture Node runs on under Linux. */
const O_PATH = 0o10000000;
const OPEN_FOLDER = O_PATH | constants.O_DIRECTORY;

/** A folder held open: whatever happens to names, `path` leads to this very folder. */
interface HeldFolder {
  readonly fd: number;
  readonly path: ByteString;
}

/**
 * Finds folders of an existing tree. Symlinks are followed as if `root` were the root of the file system, by the kernel
 * itself, so neither a link nor a race leads outside.
 */
export class ArchiveFolders {
  readonly #host: HostCalls;
  readonly #root: number;
  readonly #base: ByteString;
  readonly #owner: { readonly uid: number; readonly gid: number } | undefined;
  #held: (HeldFolder & { readonly key: ByteString }) | undefined;

  /** `base`: where the archive's own root is, below `root`; missing folders belong to `owner`. */
  constructor(
    host: HostCalls,
    root: ByteString,
    base: ByteString,
    owner: { readonly uid: number; readonly gid: number } | undefined,
  ) {
    this.#host = host;
    this.#root = host.openInRoot('/', pathOf(root), OPEN_FOLDER);
    this.#base = base;
    this.#owner = owner;
  }

  /** A path through which to reach a folder of the archive, good until the next call; made when missing. */
  reach(folder: ByteString): ByteString {
    if (this.#held?.key === folder) return this.#held.path;
    const held = this.#open(joinPath(this.#base, folder));
    this.#release();
    this.#held = { ...held, key: folder };
    return held.path;
  }

  /** The same without making anything; undefined when there is no such folder. The caller closes `fd`. */
  open(folder: ByteString): HeldFolder | undefined {
    try {
      return this.#tryOpen(joinPath(this.#base, folder));
    } catch (error) {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
      throw error;
    }
  }

  /** The folder held open may be gone: look again. */
  forget(): void {
    this.#release();
  }

  close(): void {
    this.#release();
    closeSync(this.#root);
  }

  #open(path: ByteString): HeldFolder {
    try {
      return this.#tryOpen(path);
    } catch (error) {
      if (isSystemError(error, 'ENOTDIR', 'ELOOP')) throw invalid(`${textOf(path)} is not a folder`, error);
      if (!isSystemError(error, 'ENOENT') || path === '') throw error;
    }
    const parent = this.#open(parentOf(path));
    try {
      const made = `${parent.path}/${path.slice(path.lastIndexOf('/') + 1)}`;
      mkdirSync(pathOf(made), 0o755);
      if (this.#owner !== undefined) setOwner(made, this.#owner.uid, this.#owner.gid);
      return this.#tryOpen(path);
    } catch (error) {
      if (isSystemError(error, 'EEXIST'))
        throw invalid(`${textOf(path)} is a symlink that leads nowhere`, error);
      throw error;
    } finally {
      closeSync(parent.fd);
    }
  }

  #tryOpen(path: ByteString): HeldFolder {
    const fd = this.#host.openInRoot(this.#root, pathOf(path === '' ? '.' : path), OPEN_FOLDER);
    return { fd, path: `/proc/self/fd/${fd}` };
  }

  #release(): void {
    if (this.#held === undefined) return;
    closeSync(this.#held.fd);
    this.#held = undefined;
  }
}
