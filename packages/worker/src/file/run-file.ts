// SPDX-License-Identifier: MIT
import type { AbortOptions, FileAction, FileRequest, FileStep, HostCalls, Tree } from '@img-build/interfaces';
import type { ActiveTree, MountedTree, TreeMounter } from '../mounted-tree.ts';
import { WorkerError } from '../worker-error.ts';
import { type ArchiveExtractor, copyInto } from './copy-into.ts';
import { makeFile, makeSymlink } from './make-file.ts';
import { makeFolder } from './make-folder.ts';
import { resolveOwner } from './ownership.ts';
import { removePath } from './remove-path.ts';

/** What a file operation works with. */
export interface FileParts {
  readonly host: HostCalls;
  readonly trees: TreeMounter;
  readonly extractArchive: ArchiveExtractor;
}

/** Something a step can read: an input, or an earlier step's result. */
interface Operand {
  readonly tree: Tree;
  readonly root: string;
}

const EMPTY: Tree = { type: 'empty' };

/**
 * Runs the steps of a file operation. A step that works on the result of the step before it, which nobody else
 * needs, goes on in the same snapshot; so the usual chain of actions makes one snapshot.
 */
export async function runFile(
  parts: FileParts,
  request: FileRequest,
  options: AbortOptions = {},
): Promise<void> {
  await new FileRun(parts, request, options).run();
}

class FileRun {
  readonly #parts: FileParts;
  readonly #request: FileRequest;
  readonly #options: AbortOptions;
  readonly #opened = new Map<number, MountedTree>();
  readonly #active = new Map<number, ActiveTree>();
  #empty: MountedTree | undefined;

  constructor(parts: FileParts, request: FileRequest, options: AbortOptions) {
    this.#parts = parts;
    this.#request = request;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { steps, outputs } = this.#request;
    try {
      for (const [index, step] of steps.entries()) {
        this.#options.signal?.throwIfAborted();
        const target = await this.#target(index, step);
        await this.#apply(step, target);
      }
      await this.#closeInputs();
      for (const { step, name } of outputs) {
        const tree = this.#active.get(step);
        if (tree === undefined)
          throw new WorkerError(`file operation has no result of step ${step}`, {
            code: 'TREE_PATH_INVALID',
          });
        this.#active.delete(step);
        await tree.commit(name);
      }
    } finally {
      for (const tree of this.#active.values()) await tree.discard();
      await this.#closeInputs();
    }
  }

  /** The writable tree a step changes. */
  async #target(index: number, step: FileStep): Promise<ActiveTree> {
    const previous = step.input - this.#request.inputs.length;
    if (previous >= 0) {
      const reused = this.#active.get(previous);
      if (reused === undefined || this.#isShared(previous)) {
        throw new WorkerError('the result of a file action can be changed by one further action only', {
          code: 'TREE_PATH_INVALID',
        });
      }
      this.#active.delete(previous);
      this.#active.set(index, reused);
      return reused;
    }
    const tree = step.input < 0 ? EMPTY : this.#input(step.input);
    if (tree.type === 'host')
      throw new WorkerError('a host folder cannot be changed', { code: 'TREE_PATH_INVALID' });
    const active = await this.#parts.trees.prepare(
      tree.type === 'snapshot' ? tree.name : undefined,
      this.#options,
    );
    this.#active.set(index, active);
    return active;
  }

  #isShared(step: number): boolean {
    const { steps, outputs, inputs } = this.#request;
    const uses = steps.filter((each) => each.input === step + inputs.length).length;
    return uses > 1 || outputs.some((output) => output.step === step);
  }

  #input(index: number): Tree {
    const tree = this.#request.inputs[index];
    if (tree === undefined)
      throw new WorkerError(`file operation has no input ${index}`, { code: 'TREE_PATH_INVALID' });
    return tree;
  }

  async #operand(index: number): Promise<Operand> {
    const step = index - this.#request.inputs.length;
    if (step >= 0) {
      const active = this.#active.get(step);
      if (active === undefined)
        throw new WorkerError(`file operation has no result of step ${step}`, { code: 'TREE_PATH_INVALID' });
      return { tree: { type: 'snapshot', name: '' }, root: active.root };
    }
    if (index < 0) {
      this.#empty ??= await this.#parts.trees.open(EMPTY);
      return { tree: EMPTY, root: this.#empty.root };
    }
    const tree = this.#input(index);
    const opened = this.#opened.get(index) ?? (await this.#parts.trees.open(tree, this.#options));
    this.#opened.set(index, opened);
    return { tree, root: opened.root };
  }

  async #apply({ action, input, secondary }: FileStep, target: ActiveTree): Promise<void> {
    const { host, extractArchive } = this.#parts;
    const roots = await this.#accountRoots(action, input, target);
    const owner =
      action.type === 'remove'
        ? undefined
        : resolveOwner(host, action.owner, (index) => roots.get(index) ?? target.root);
    switch (action.type) {
      case 'copy': {
        const source = await this.#operand(secondary);
        return await copyInto(
          { host, extractArchive, source, root: target.root, action, owner },
          this.#options,
        );
      }
      case 'make-file':
        return makeFile(host, target.root, action, owner);
      case 'make-directory':
        return makeFolder(host, target.root, action, owner);
      case 'make-symlink':
        return makeSymlink(host, target.root, action, owner);
      case 'remove':
        return removePath(host, target.root, action);
    }
  }

  /** Roots of the inputs whose passwd and group files name the owner; the changed tree stands for its own input. */
  async #accountRoots(
    action: FileAction,
    input: number,
    target: ActiveTree,
  ): Promise<ReadonlyMap<number, string>> {
    const roots = new Map([[input, target.root]]);
    if (action.type === 'remove') return roots;
    for (const who of [action.owner?.user, action.owner?.group]) {
      if (who === undefined || 'id' in who || roots.has(who.input) || who.input < 0) continue;
      roots.set(who.input, (await this.#operand(who.input)).root);
    }
    return roots;
  }

  async #closeInputs(): Promise<void> {
    const opened = [...this.#opened.values(), ...(this.#empty ? [this.#empty] : [])];
    this.#opened.clear();
    this.#empty = undefined;
    for (const tree of opened) await tree.close();
  }
}
