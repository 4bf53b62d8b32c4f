// SPDX-License-Identifier: MIT
import { mkdirSync } from 'node:fs';
import { isSystemError } from '@img-build/errors';
import type { HostCalls } from '@img-build/interfaces';
import { invalid } from '../layer-error.ts';
import { type ByteString, pathOf, textOf } from '../tar/byte-string.ts';
import { type Attributes, readAttributes } from '../tree/attributes.ts';
import { lstatOf } from '../tree/folder-stack.ts';
import { removeTree } from '../tree/remove-tree.ts';
import { joinPath } from '../unpack/entry-path.ts';

const MAX_LINKS = 255;

/** What a folder of the target will look like when the layer is complete. */
export type FolderPlan =
  /** The layer has an entry for it. */
  | { readonly type: 'stated'; readonly attributes: Attributes }
  /** It was there before; keep what it had. */
  | { readonly type: 'existing'; readonly attributes: Attributes }
  /** The layer only has things in it; take after the same folder in the layers below. */
  | { readonly type: 'implied' };

/**
 * Knows which paths of the target are real folders, and which are symlinks the layer itself made. The target belongs to
 * us alone, so what was made or looked at once stays true, and no path is ever resolved by the kernel through a symlink.
 */
export class LayerFolders {
  readonly #host: HostCalls;
  readonly #root: ByteString;
  readonly #fresh: boolean;
  readonly #plans = new Map<ByteString, FolderPlan>();
  readonly #links = new Map<ByteString, ByteString>();
  /** Folders that took the place of a file of this same layer. */
  readonly replacing: Set<ByteString> = new Set();

  /** `fresh`: the target is empty, so what this class has not made is not there. */
  constructor(host: HostCalls, root: ByteString, fresh: boolean) {
    this.#host = host;
    this.#root = root;
    this.#fresh = fresh;
    this.#plans.set('', this.#existing(''));
  }

  get plans(): ReadonlyMap<ByteString, FolderPlan> {
    return this.#plans;
  }

  /** The real path of a path of the layer. */
  real(path: ByteString): ByteString {
    return path === '' ? this.#root : `${this.#root}/${path}`;
  }

  /** Remembers a symlink the layer made. */
  addLink(path: ByteString, target: ByteString): void {
    this.#links.set(path, target);
  }

  /** Makes a folder the layer has an entry for, or takes over the one that is there. */
  state(path: ByteString, attributes: Attributes): void {
    if (!this.#plans.has(path)) this.#make(path);
    this.#plans.set(path, { type: 'stated', attributes });
  }

  /** Forgets what a whiteout took away from an existing folder. */
  resetToImplied(path: ByteString): void {
    if (this.#plans.get(path)?.type === 'existing') this.#plans.set(path, { type: 'implied' });
  }

  /** Where a folder really is, symlinks of this layer resolved; missing folders are made. */
  resolve(path: ByteString): ByteString {
    if (this.#plans.has(path)) return path;
    return this.#walk(path, (next) => {
      this.#imply(next);
      return true;
    }) as ByteString;
  }

  /** The same without making anything; undefined when a part of it exists and is no folder. */
  find(path: ByteString): ByteString | undefined {
    if (this.#plans.has(path)) return path;
    return this.#walk(path, (next) => {
      const stat = lstatOf(this.real(next));
      return stat === undefined || stat.isDirectory();
    });
  }

  /** Removes whatever is at a path. */
  clear(path: ByteString): void {
    const skip = this.#root.length + 1;
    removeTree(this.real(path), (removed) => {
      const key = removed.slice(skip);
      this.#plans.delete(key);
      this.#links.delete(key);
      this.replacing.delete(key);
    });
  }

  /** Follows a path name by name; `unknown` decides about a name that is neither a known folder nor a known link. */
  #walk(path: ByteString, unknown: (path: ByteString) => boolean): ByteString | undefined {
    let todo = path.split('/').reverse();
    let at: ByteString[] = [];
    for (let links = 0; todo.length > 0; ) {
      const name = todo.pop() as ByteString;
      if (name === '' || name === '.') continue;
      if (name === '..') {
        at.pop();
        continue;
      }
      const next = joinPath(at.join('/'), name);
      const target = this.#links.get(next);
      if (target === undefined) {
        if (!this.#plans.has(next) && !unknown(next)) return undefined;
        at.push(name);
        continue;
      }
      if (++links > MAX_LINKS) throw invalid(`${textOf(path)} leads through too many symlinks`);
      if (target.startsWith('/')) at = [];
      todo = [...todo, ...target.split('/').reverse()];
      if (todo.length > 65_536) throw invalid(`${textOf(path)} leads through too many symlinks`);
    }
    return at.join('/');
  }

  #imply(path: ByteString): void {
    const stat = this.#fresh ? undefined : lstatOf(this.real(path));
    if (stat?.isDirectory() === true) {
      this.#plans.set(path, this.#existing(path));
      return;
    }
    this.#make(path);
    this.#plans.set(path, { type: 'implied' });
  }

  #make(path: ByteString): void {
    const real = pathOf(this.real(path));
    try {
      mkdirSync(real, 0o700);
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error;
      if (lstatOf(this.real(path))?.isDirectory() === true) return;
      this.clear(path);
      mkdirSync(real, 0o700);
      this.replacing.add(path);
    }
  }

  #existing(path: ByteString): FolderPlan {
    const real = this.real(path);
    const stat = lstatOf(real);
    if (stat === undefined) throw invalid(`${textOf(real)} is gone`);
    return { type: 'existing', attributes: readAttributes(this.#host, real, stat) };
  }
}
