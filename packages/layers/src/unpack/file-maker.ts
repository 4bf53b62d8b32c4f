// SPDX-License-Identifier: MIT
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  linkSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { isSystemError, messageOf } from '@img-build/errors';
import type { HostCalls } from '@img-build/interfaces';
import { type ByteString, pathOf, textOf } from '../tar/byte-string.ts';
import type { TarHeader } from '../tar/tar-header.ts';
import { ownerError, setModified, setOwner, setXattrs, type Warn } from '../tree/attributes.ts';

/** Whom files belong to, whatever the archive says; `caller` changes no owner at all. */
export type OwnerRule = 'archive' | 'caller' | { readonly uid: number; readonly gid: number };

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const DEVICE_TYPES = { 'character-device': 0o020000, 'block-device': 0o060000, fifo: 0o010000 } as const;

/** What a {@link FileMaker} works with. */
export interface FileMakerOptions {
  readonly host: HostCalls;
  readonly owner: OwnerRule;
  readonly warn: Warn;
}

/**
 * Makes files, links and nodes where nothing is. The parent folder is taken as it is: who calls has made sure that no
 * symlink leads elsewhere. Errors with `EEXIST` mean that something is there.
 */
export class FileMaker {
  readonly #host: HostCalls;
  readonly #owner: OwnerRule;
  readonly #warn: Warn;
  #fd = -1;
  #path: ByteString = '';

  constructor({ host, owner, warn }: FileMakerOptions) {
    this.#host = host;
    this.#owner = owner;
    this.#warn = warn;
  }

  ownerOf(header: {
    readonly uid: number;
    readonly gid: number;
  }): { readonly uid: number; readonly gid: number } | undefined {
    if (this.#owner === 'caller') return undefined;
    return this.#owner === 'archive' ? header : this.#owner;
  }

  /** Creates a file; `write` and `finishFile` follow. */
  startFile(path: ByteString): void {
    this.#fd = openSync(pathOf(path), CREATE, 0o600);
    this.#path = path;
  }

  write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.byteLength; ) {
      done += writeSync(this.#fd, bytes, done, bytes.byteLength - done, position + done);
    }
  }

  finishFile(header: TarHeader): void {
    const fd = this.#fd;
    const path = this.#path;
    try {
      if (header.sparse) ftruncateSync(fd, header.size);
      const owner = this.ownerOf(header);
      if (owner !== undefined) {
        try {
          fchownSync(fd, owner.uid, owner.gid);
        } catch (error) {
          throw ownerError(error, path, owner.uid, owner.gid);
        }
      }
      // After write and chown, because both clear the set-id bits.
      fchmodSync(fd, header.mode);
    } finally {
      this.abandon();
    }
    if (header.xattrs.size > 0) setXattrs(this.#host, path, header.xattrs, this.#warn);
    setModified(this.#host, path, header.modified);
  }

  /** Closes a file that was not finished. */
  abandon(): void {
    if (this.#fd === -1) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }

  makeSymlink(header: TarHeader, path: ByteString): void {
    symlinkSync(pathOf(header.linkName), pathOf(path));
    const owner = this.ownerOf(header);
    if (owner !== undefined) setOwner(path, owner.uid, owner.gid);
    if (header.xattrs.size > 0) setXattrs(this.#host, path, header.xattrs, this.#warn);
    setModified(this.#host, path, header.modified);
  }

  makeHardlink(target: ByteString, path: ByteString): void {
    linkSync(pathOf(target), pathOf(path));
  }

  /** Returns false, after a warning, when this process may not make devices or the device has a special meaning. */
  makeNode(header: TarHeader, path: ByteString): boolean {
    const type = DEVICE_TYPES[header.type as keyof typeof DEVICE_TYPES];
    const { deviceMajor: major, deviceMinor: minor } = header;
    if (header.type === 'character-device' && major === 0 && minor === 0) {
      this.#warn(
        `${textOf(header.name)}: character device 0:0 left out: overlay file systems take it for a removal`,
      );
      return false;
    }
    try {
      this.#host.makeNode(
        pathOf(path),
        type | header.mode,
        header.type === 'fifo' ? 0 : major,
        header.type === 'fifo' ? 0 : minor,
      );
    } catch (error) {
      if (!isSystemError(error, 'EPERM', 'EACCES')) throw error;
      this.#warn(`${textOf(header.name)}: device left out: ${messageOf(error)}`);
      return false;
    }
    const owner = this.ownerOf(header);
    if (owner !== undefined) setOwner(path, owner.uid, owner.gid);
    // mknod obeys the umask, and chown clears the set-id bits.
    chmodSync(pathOf(path), header.mode);
    if (header.xattrs.size > 0) setXattrs(this.#host, path, header.xattrs, this.#warn);
    setModified(this.#host, path, header.modified);
    return true;
  }
}
