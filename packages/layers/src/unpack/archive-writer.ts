// SPDX-License-Identifier: MIT
import { chmodSync, closeSync, mkdirSync } from 'node:fs';
import { isSystemError } from '@img-build/errors';
import type { HostCalls, Timespec } from '@img-build/interfaces';
import { invalid } from '../layer-error.ts';
import { type ByteString, pathOf, textOf } from '../tar/byte-string.ts';
import type { TarHeader, TarSink } from '../tar/tar-header.ts';
import { setModified, setOwner, setXattrs, type Warn } from '../tree/attributes.ts';
import { lstatOf } from '../tree/folder-stack.ts';
import { removeTree } from '../tree/remove-tree.ts';
import type { ArchiveFolders } from './archive-folders.ts';
import { baseOf, cleanEntryPath, parentOf } from './entry-path.ts';
import type { FileMaker } from './file-maker.ts';
import type { UnpackMeter } from './unpack-limits.ts';

/** What an {@link ArchiveWriter} works with. */
export interface ArchiveWriterOptions {
  readonly host: HostCalls;
  readonly folders: ArchiveFolders;
  readonly maker: FileMaker;
  readonly meter: UnpackMeter;
  readonly warn: Warn;
  /** Time of everything; undefined keeps what the archive says. */
  readonly modified: Timespec | undefined;
}

/** Writes the entries of an archive into a tree that may already hold something. What is in the way is replaced. */
export class ArchiveWriter implements TarSink {
  readonly #options: ArchiveWriterOptions;
  /** Folders get their attributes last: a read-only one could not be filled, and filling changes the time. */
  readonly #pending = new Map<ByteString, TarHeader>();
  #file: TarHeader | undefined;

  constructor(options: ArchiveWriterOptions) {
    this.#options = options;
  }

  entry(original: TarHeader): void {
    const { modified, meter } = this.#options;
    const header = modified === undefined ? original : { ...original, modified };
    this.#file = undefined;
    meter.addEntry(header.size);
    const path = cleanEntryPath(header.name);
    if (header.type === 'directory') this.#makeFolder(header, path);
    else if (path === '') throw invalid(`${textOf(header.name)} replaces the root of the archive`);
    else this.#make(header, path);
  }

  content(bytes: Uint8Array, position: number): void {
    if (this.#file !== undefined) this.#options.maker.write(bytes, position);
  }

  end(): void {
    if (this.#file === undefined) return;
    this.#options.maker.finishFile(this.#file);
    this.#file = undefined;
  }

  abandon(): void {
    this.#options.maker.abandon();
  }

  /** Gives the folders their attributes; call once, at the end. */
  finish(): void {
    const { folders, maker, host, warn } = this.#options;
    for (const [path, header] of this.#pending) {
      const held = folders.open(path);
      if (held === undefined) continue;
      try {
        // Through `/.` the calls that do not follow symlinks reach the folder behind the descriptor.
        const real = `${held.path}/.`;
        const owner = maker.ownerOf(header);
        if (owner !== undefined) setOwner(real, owner.uid, owner.gid);
        chmodSync(pathOf(real), header.mode);
        setXattrs(host, real, header.xattrs, warn);
        setModified(host, real, header.modified);
      } finally {
        closeSync(held.fd);
      }
    }
  }

  #makeFolder(header: TarHeader, path: ByteString): void {
    const { folders } = this.#options;
    if (path === '') {
      folders.reach('');
    } else {
      const real = this.#place(path);
      try {
        mkdirSync(pathOf(real), 0o700);
      } catch (error) {
        if (!isSystemError(error, 'EEXIST')) throw error;
        if (lstatOf(real)?.isDirectory() !== true) {
          this.#clear(path, real);
          mkdirSync(pathOf(this.#place(path)), 0o700);
        }
      }
    }
    this.#pending.set(path, header);
  }

  #make(header: TarHeader, path: ByteString): void {
    const { maker } = this.#options;
    switch (header.type) {
      case 'file':
        this.#replacing(path, (real) => maker.startFile(real));
        this.#file = header;
        break;
      case 'symlink':
        this.#replacing(path, (real) => maker.makeSymlink(header, real));
        break;
      case 'hardlink':
        this.#link(header, path);
        break;
      default:
        this.#replacing(path, (real) => maker.makeNode(header, real));
    }
  }

  #link(header: TarHeader, path: ByteString): void {
    const target = cleanEntryPath(header.linkName);
    if (target === path) return;
    const missing = (): Error =>
      invalid(`${textOf(header.name)} is a hardlink to ${textOf(header.linkName)}, which does not exist`);
    const held = target === '' ? undefined : this.#options.folders.open(parentOf(target));
    if (held === undefined) throw missing();
    try {
      this.#replacing(path, (real) =>
        this.#options.maker.makeHardlink(`${held.path}/${baseOf(target)}`, real),
      );
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) throw missing();
      if (isSystemError(error, 'EPERM'))
        throw invalid(`${textOf(header.name)} is a hardlink to the folder ${textOf(header.linkName)}`);
      throw error;
    } finally {
      closeSync(held.fd);
    }
  }

  #place(path: ByteString): ByteString {
    return `${this.#options.folders.reach(parentOf(path))}/${baseOf(path)}`;
  }

  #replacing(path: ByteString, make: (real: ByteString) => void): void {
    const real = this.#place(path);
    try {
      make(real);
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error;
      this.#clear(path, real);
      make(this.#place(path));
    }
  }

  #clear(path: ByteString, real: ByteString): void {
    removeTree(real);
    this.#pending.delete(path);
    // The folder held open may have been reached through what is gone now.
    this.#options.folders.forget();
  }
}
