// SPDX-License-Identifier: MIT

/** A user or group: a number, or a name that is looked up in the passwd or group file of an input. */
export type UserOpt =
  | { readonly type: 'byName'; readonly byName: { readonly name: string; readonly input: number } }
  | { readonly type: 'byID'; readonly byID: number };

/** Who owns what an action makes; what is absent stays as it is (copy) or root (others). */
export interface ChownOpt {
  readonly user?: UserOpt | undefined;
  readonly group?: UserOpt | undefined;
}

/** Copies from the secondary input. @see BuildKit solver/pb/ops.proto, "FileActionCopy" */
export interface FileActionCopy {
  readonly src: string;
  readonly dest: string;
  readonly owner?: ChownOpt | undefined;
  /** Permission bits for what is copied; -1 keeps the source's. */
  readonly mode: number;
  readonly followSymlink: boolean;
  /** A folder stands for its contents. */
  readonly dirCopyContents: boolean;
  /** A file that is a tar archive is unpacked instead. */
  readonly attemptUnpackDockerCompatibility: boolean;
  readonly createDestPath: boolean;
  readonly allowWildcard: boolean;
  readonly allowEmptyWildcard: boolean;
  /** Nanoseconds since the Unix epoch; -1 keeps the source's time. */
  readonly timestamp: bigint;
  readonly includePatterns: readonly string[];
  readonly excludePatterns: readonly string[];
  readonly alwaysReplaceExistingDestPaths: boolean;
  /** Mode as chmod(1) takes it, when it is not a number. */
  readonly modeStr: string;
  /** Paths that must exist in the source. */
  readonly requiredPaths: readonly string[];
}

/** Writes a file. */
export interface FileActionMkFile {
  readonly path: string;
  readonly mode: number;
  readonly data: Uint8Array;
  readonly owner?: ChownOpt | undefined;
  /** Nanoseconds since the Unix epoch; -1 is the time of the build. */
  readonly timestamp: bigint;
}

/** Makes a folder; an existing one is left alone. */
export interface FileActionMkDir {
  readonly path: string;
  readonly mode: number;
  readonly makeParents: boolean;
  readonly owner?: ChownOpt | undefined;
  /** Nanoseconds since the Unix epoch; -1 is the time of the build. */
  readonly timestamp: bigint;
}

/** Removes a path. */
export interface FileActionRm {
  readonly path: string;
  readonly allowNotFound: boolean;
  readonly allowWildcard: boolean;
}

/** Makes a symlink. */
export interface FileActionSymlink {
  readonly oldpath: string;
  readonly newpath: string;
  readonly owner?: ChownOpt | undefined;
  /** Nanoseconds since the Unix epoch; -1 is the time of the build. */
  readonly timestamp: bigint;
}

interface FileActionBase {
  /** What is changed: an input, or, from the number of inputs on, the result of an action; -1 is the empty tree. */
  readonly input: number;
  /** What is copied from; numbered like `input`. */
  readonly secondaryInput: number;
  /** Output the result becomes; -1 for none. */
  readonly output: number;
}

/** One change to a tree. */
export type FileAction = FileActionBase &
  (
    | { readonly type: 'copy'; readonly copy: FileActionCopy }
    | { readonly type: 'mkfile'; readonly mkfile: FileActionMkFile }
    | { readonly type: 'mkdir'; readonly mkdir: FileActionMkDir }
    | { readonly type: 'rm'; readonly rm: FileActionRm }
    | { readonly type: 'symlink'; readonly symlink: FileActionSymlink }
  );

/** Changes files without running a program. */
export interface FileOp {
  readonly actions: readonly FileAction[];
}
