// SPDX-License-Identifier: MIT
import type { ChownOpt, FileAction, UserOpt } from '../file-op.ts';
import { EMPTY_INPUT, type Input, SKIP_OUTPUT } from '../ops.ts';
import { addInput, type GraphNode, type MarshalContext, type OpOptions, type Output } from './node.ts';

/** `user[:group]`, names or numbers; `root` is number 0. Names are looked up in the tree that is changed. */
export type OwnerText = string;

interface TimedStep {
  /** Nanoseconds since the Unix epoch; absent: the source's time (copy) or that of the build (others). */
  readonly timestamp?: bigint | undefined;
  readonly owner?: OwnerText | { readonly uid: number; readonly gid: number } | undefined;
}

/** Copies from another tree. */
export interface CopyStep extends TimedStep {
  readonly type: 'copy';
  readonly from: { readonly output: Output };
  /** Absolute path. */
  readonly source: string;
  /** Absolute path; a slash at the end makes it a folder. */
  readonly destination: string;
  /** Permission bits for everything copied. */
  readonly mode?: number | undefined;
  /** Mode as chmod(1) takes it. */
  readonly modeText?: string | undefined;
  readonly followSymlinks?: boolean | undefined;
  /** A source folder stands for its contents. */
  readonly contentsOnly?: boolean | undefined;
  readonly unpack?: boolean | undefined;
  readonly createDestination?: boolean | undefined;
  readonly allowWildcard?: boolean | undefined;
  readonly allowEmptyWildcard?: boolean | undefined;
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly required?: readonly string[] | undefined;
}

/** Writes a file. */
export interface MakeFileStep extends TimedStep {
  readonly type: 'mkfile';
  readonly path: string;
  readonly mode: number;
  readonly data: Uint8Array;
}

/** Makes a folder. */
export interface MakeDirectoryStep extends TimedStep {
  readonly type: 'mkdir';
  readonly path: string;
  readonly mode: number;
  readonly parents?: boolean | undefined;
}

/** Removes a path. */
export interface RemoveStep {
  readonly type: 'rm';
  readonly path: string;
  readonly allowNotFound?: boolean | undefined;
  readonly allowWildcard?: boolean | undefined;
}

/** Makes a symlink at `path` that points to `target`. */
export interface SymlinkStep extends TimedStep {
  readonly type: 'symlink';
  readonly target: string;
  readonly path: string;
}

/** One action of a file op. */
export type FileStep = CopyStep | MakeFileStep | MakeDirectoryStep | RemoveStep | SymlinkStep;

/** A node that applies actions to `base` one after the other. */
export function createFileNode(base: Output, steps: readonly FileStep[], options: OpOptions): GraphNode {
  const sources = steps.flatMap((step) => (step.type === 'copy' ? [step.from.output] : []));
  return {
    options,
    caps: capsOf(steps),
    inputs: () => [base, ...sources].filter((output) => output.node() !== undefined),
    toOp(context) {
      const inputs: Input[] = [];
      const indexOf = (output: Output): number =>
        output.node() === undefined ? EMPTY_INPUT : addInput(inputs, inputOf(context, output));
      const baseIndex = indexOf(base);
      const secondary = steps.map((step) => (step.type === 'copy' ? indexOf(step.from.output) : EMPTY_INPUT));
      const actions = steps.map(
        (step, at): FileAction => ({
          // Results of actions are numbered after the inputs.
          input: at === 0 ? baseIndex : inputs.length + at - 1,
          secondaryInput: secondary[at] ?? EMPTY_INPUT,
          output: at === steps.length - 1 ? 0 : SKIP_OUTPUT,
          ...toAction(step, baseIndex),
        }),
      );
      return { type: 'file', file: { actions }, inputs, constraints: { filter: [] } };
    },
  };
}

function inputOf(context: MarshalContext, output: Output): Input {
  return context.input(output);
}

type ActionBody = FileAction extends infer Action
  ? Action extends FileAction
    ? Omit<Action, 'input' | 'secondaryInput' | 'output'>
    : never
  : never;

function toAction(step: FileStep, baseIndex: number): ActionBody {
  switch (step.type) {
    case 'copy':
      return { type: 'copy', copy: copyBody(step, baseIndex) };
    case 'mkfile':
      return {
        type: 'mkfile',
        mkfile: {
          path: step.path,
          mode: step.mode,
          data: step.data,
          owner: ownerOf(step, baseIndex),
          timestamp: step.timestamp ?? -1n,
        },
      };
    case 'mkdir':
      return {
        type: 'mkdir',
        mkdir: {
          path: step.path,
          mode: step.mode,
          makeParents: step.parents ?? false,
          owner: ownerOf(step, baseIndex),
          timestamp: step.timestamp ?? -1n,
        },
      };
    case 'rm':
      return {
        type: 'rm',
        rm: {
          path: step.path,
          allowNotFound: step.allowNotFound ?? false,
          allowWildcard: step.allowWildcard ?? false,
        },
      };
    case 'symlink':
      return {
        type: 'symlink',
        symlink: {
          oldpath: step.target,
          newpath: step.path,
          owner: ownerOf(step, baseIndex),
          timestamp: step.timestamp ?? -1n,
        },
      };
  }
}

function copyBody(step: CopyStep, baseIndex: number): Extract<FileAction, { type: 'copy' }>['copy'] {
  return {
    src: step.source,
    dest: step.destination,
    owner: ownerOf(step, baseIndex),
    mode: step.mode ?? (step.modeText === undefined ? -1 : 0),
    followSymlink: step.followSymlinks ?? false,
    dirCopyContents: step.contentsOnly ?? false,
    attemptUnpackDockerCompatibility: step.unpack ?? false,
    createDestPath: step.createDestination ?? false,
    allowWildcard: step.allowWildcard ?? false,
    allowEmptyWildcard: step.allowEmptyWildcard ?? false,
    timestamp: step.timestamp ?? -1n,
    includePatterns: step.include ?? [],
    excludePatterns: step.exclude ?? [],
    alwaysReplaceExistingDestPaths: false,
    modeStr: step.modeText ?? '',
    requiredPaths: step.required ?? [],
  };
}

function ownerOf({ owner }: TimedStep, baseIndex: number): ChownOpt | undefined {
  if (owner === undefined) return undefined;
  if (typeof owner === 'object')
    return { user: { type: 'byID', byID: owner.uid }, group: { type: 'byID', byID: owner.gid } };
  const colon = owner.indexOf(':');
  const user = userOf(colon < 0 ? owner : owner.slice(0, colon), baseIndex);
  return colon < 0 ? { user } : { user, group: userOf(owner.slice(colon + 1), baseIndex) };
}

function userOf(text: string, baseIndex: number): UserOpt {
  if (text === 'root') return { type: 'byID', byID: 0 };
  if (/^[+-]?\d+$/.test(text)) {
    const id = Number(text);
    // Beyond 31 bits a number is taken for a name, as BuildKit does.
    if (id <= 0x7fffffff && id >= -0x80000000) return { type: 'byID', byID: id >>> 0 };
  }
  // A name that is empty stands for number 0.
  return text === ''
    ? { type: 'byID', byID: 0 }
    : { type: 'byName', byName: { name: text, input: baseIndex } };
}

function capsOf(steps: readonly FileStep[]): string[] {
  const caps = ['file.base'];
  if (
    steps.some((step) => step.type === 'copy' && (step.include !== undefined || step.exclude !== undefined))
  )
    caps.push('file.copy.includeexcludepatterns');
  if (steps.some((step) => step.type === 'copy' && step.modeText !== undefined))
    caps.push('file.copy.modestring');
  if (steps.some((step) => step.type === 'symlink')) caps.push('file.symlink.create');
  return caps;
}
