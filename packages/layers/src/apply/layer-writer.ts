// SPDX-License-Identifier: MIT
import { isSystemError } from '@img-build/errors';
import { invalid } from '../layer-error.ts';
import { type ByteString, textOf } from '../tar/byte-string.ts';
import type { TarHeader, TarSink } from '../tar/tar-header.ts';
import { lstatOf } from '../tree/folder-stack.ts';
import { baseOf, cleanEntryPath, joinPath, parentOf } from '../unpack/entry-path.ts';
import type { FileMaker } from '../unpack/file-maker.ts';
import type { UnpackMeter } from '../unpack/unpack-limits.ts';
import type { LayerFolders } from './layer-folders.ts';
import type { LowerRules } from './layer-target.ts';
import { parseWhiteout } from './whiteout-name.ts';

interface PendingLink {
  readonly path: ByteString;
  readonly target: ByteString;
  readonly header: TarHeader;
}

/** Writes the entries of a layer into its target. */
export class LayerWriter implements TarSink {
  readonly #folders: LayerFolders;
  readonly #rules: LowerRules;
  readonly #maker: FileMaker;
  readonly #meter: UnpackMeter;
  /** Hardlinks to files that only the layers below can have. */
  readonly #pending: PendingLink[] = [];
  #file: TarHeader | undefined;

  constructor(folders: LayerFolders, rules: LowerRules, maker: FileMaker, meter: UnpackMeter) {
    this.#folders = folders;
    this.#rules = rules;
    this.#maker = maker;
    this.#meter = meter;
  }

  entry(header: TarHeader): void {
    this.#file = undefined;
    this.#meter.addEntry(header.size);
    const clean = cleanEntryPath(header.name);
    const mark = parseWhiteout(clean);
    if (mark === undefined) this.#make(header, clean);
    else if (mark.type !== 'ignored') this.#hide(mark.type, mark.path);
  }

  content(bytes: Uint8Array, position: number): void {
    if (this.#file !== undefined) this.#maker.write(bytes, position);
  }

  end(): void {
    if (this.#file === undefined) return;
    this.#maker.finishFile(this.#file);
    this.#file = undefined;
  }

  /** Closes a file that is not complete. */
  abandon(): void {
    this.#maker.abandon();
  }

  /** Does what needs the layers below: call once, when all is unpacked and they are complete. */
  finish(): void {
    for (const { path, target, header } of this.#pending) this.#linkPending(path, target, header);
    this.#rules.writeMarks();
    this.#rules.finishFolders();
  }

  #hide(type: 'path' | 'folder', path: ByteString): void {
    if (type === 'folder') {
      const folder = path === '' ? path : this.#folders.find(path);
      if (folder !== undefined) this.#rules.hideContents(folder);
      return;
    }
    const folder = this.#folders.find(parentOf(path));
    if (folder !== undefined) this.#rules.hide(joinPath(folder, baseOf(path)));
  }

  #make(header: TarHeader, clean: ByteString): void {
    if (header.type === 'directory') {
      this.#makeFolder(header, clean);
      return;
    }
    if (clean === '') throw invalid(`${textOf(header.name)} replaces the root of the layer`);
    const path = joinPath(this.#folders.resolve(parentOf(clean)), baseOf(clean));
    switch (header.type) {
      case 'file':
        this.#replacing(path, () => this.#maker.startFile(this.#folders.real(path)));
        this.#file = header;
        break;
      case 'symlink':
        this.#replacing(path, () => this.#maker.makeSymlink(header, this.#folders.real(path)));
        this.#folders.addLink(path, header.linkName);
        break;
      case 'hardlink':
        this.#link(header, path);
        return;
      default:
        this.#replacing(path, () => this.#maker.makeNode(header, this.#folders.real(path)));
    }
    this.#rules.made(path);
  }

  #makeFolder(header: TarHeader, clean: ByteString): void {
    const path = clean === '' ? '' : joinPath(this.#folders.resolve(parentOf(clean)), baseOf(clean));
    this.#folders.state(path, header);
    this.#rules.made(path);
  }

  #link(header: TarHeader, path: ByteString): void {
    const clean = cleanEntryPath(header.linkName);
    const folder = this.#folders.find(parentOf(clean));
    if (clean === '' || folder === undefined) throw missingTarget(header);
    const target = joinPath(folder, baseOf(clean));
    const stat = lstatOf(this.#folders.real(target));
    if (stat?.isDirectory() === true)
      throw invalid(`${textOf(header.name)} is a hardlink to the folder ${textOf(header.linkName)}`);
    if (stat === undefined) {
      if (!this.#rules.needsLower) throw missingTarget(header);
      this.#pending.push({ path, target, header });
      return;
    }
    if (target !== path) this.#linkNow(header, target, path);
  }

  #linkNow(header: TarHeader, target: ByteString, path: ByteString): void {
    try {
      this.#replacing(path, () =>
        this.#maker.makeHardlink(this.#folders.real(target), this.#folders.real(path)),
      );
    } catch (error) {
      // Clearing the way took the target with it.
      if (isSystemError(error, 'ENOENT')) throw missingTarget(header);
      throw error;
    }
    this.#rules.made(path);
  }

  #linkPending(path: ByteString, target: ByteString, header: TarHeader): void {
    const there = lstatOf(this.#folders.real(target)) !== undefined;
    if (!there && !this.#rules.provide(target)) throw missingTarget(header);
    // A later entry of the layer may have taken the path.
    if (lstatOf(this.#folders.real(path)) === undefined)
      this.#maker.makeHardlink(this.#folders.real(target), this.#folders.real(path));
  }

  #replacing(path: ByteString, make: () => void): void {
    try {
      make();
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error;
      this.#folders.clear(path);
      make();
    }
  }
}

function missingTarget(header: TarHeader): Error {
  return invalid(`${textOf(header.name)} is a hardlink to ${textOf(header.linkName)}, which does not exist`);
}
