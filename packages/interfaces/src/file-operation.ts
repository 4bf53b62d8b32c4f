// SPDX-License-Identifier: MIT
import type { Tree } from './tree.ts';

/** A user or group: a number, or a name to look up in /etc/passwd or /etc/group of an input tree. */
export type OwnerName = { readonly id: number } | { readonly name: string; readonly input: number };

/** Who owns what an action makes. */
export interface Owner {
  readonly user?: OwnerName | undefined;
  readonly group?: OwnerName | undefined;
}

/** Copies from the secondary input. The fields mean what LLB's FileActionCopy says. */
export interface CopyAction {
  readonly type: 'copy';
  readonly source: string;
  readonly destination: string;
  readonly owner?: Owner | undefined;
  /** Permission bits for everything copied but symlinks. */
  readonly mode?: number | undefined;
  /** Symbolic mode, as chmod(1) takes it. */
  readonly modeExpression?: string | undefined;
  readonly followSymlink: boolean;
  /** A source folder stands for its contents. */
  readonly directoryContents: boolean;
  /** Unpack a source file that is a tar archive. */
  readonly unpackArchive: boolean;
  readonly createDestinationPath: boolean;
  readonly allowWildcard: boolean;
  readonly allowEmptyWildcard: boolean;
  readonly includePatterns?: readonly string[] | undefined;
  readonly excludePatterns?: readonly string[] | undefined;
  /** Nanoseconds since the Unix epoch, or undefined to keep the source's time. */
  readonly timestamp?: bigint | undefined;
  /** A file may replace a folder and a folder a file. */
  readonly replaceExisting?: boolean | undefined;
  /** Paths that must exist in the source. */
  readonly requiredPaths?: readonly string[] | undefined;
}

export interface MakeFileAction {
  readonly type: 'make-file';
  readonly path: string;
  readonly mode: number;
  readonly data: Uint8Array;
  readonly owner?: Owner | undefined;
  readonly timestamp?: bigint | undefined;
}

export interface MakeDirectoryAction {
  readonly type: 'make-directory';
  readonly path: string;
  readonly mode: number;
  readonly makeParents: boolean;
  readonly owner?: Owner | undefined;
  readonly timestamp?: bigint | undefined;
}

export interface MakeSymlinkAction {
  readonly type: 'make-symlink';
  readonly target: string;
  readonly path: string;
  readonly owner?: Owner | undefined;
  readonly timestamp?: bigint | undefined;
}

export interface RemoveAction {
  readonly type: 'remove';
  readonly path: string;
  readonly allowNotFound: boolean;
  readonly allowWildcard: boolean;
}

/** One change to a tree. */
export type FileAction = CopyAction | MakeFileAction | MakeDirectoryAction | MakeSymlinkAction | RemoveAction;

/** An action and what it works on. An index below the number of inputs is that input; above, the result of an action; -1, an empty tree. */
export interface FileStep {
  readonly input: number;
  readonly secondary: number;
  readonly action: FileAction;
}

/** A file operation as a whole. */
export interface FileRequest {
  readonly inputs: readonly Tree[];
  readonly steps: readonly FileStep[];
  /** Which step's result is committed under which snapshot name. */
  readonly outputs: readonly { readonly step: number; readonly name: string }[];
}
