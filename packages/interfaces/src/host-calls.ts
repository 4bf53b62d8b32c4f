// SPDX-License-Identifier: MIT

/** A time as the kernel keeps it. */
export interface Timespec {
  readonly seconds: bigint;
  readonly nanoseconds: number;
}

/** mount(2) and friends. Errors carry `code` (`EPERM` …), `syscall` and `path`, like those of `node:fs`. */
export interface MountCalls {
  /**
   * Options are the words mount(8) takes (`ro`, `nosuid`, `rbind`, `userxattr`, `lowerdir=…`); flags are split off.
   * Takes a `Mount` as it is: overlay paths are absolute and unescaped, however many there are.
   */
  mount(source: string, target: string, type: string, options: readonly string[]): void;
  /** Lazily (MNT_DETACH). */
  unmount(target: string): void;
  /** Flags of the mount that holds `path`, as words: `ro`, `nosuid`, `nodev`, `noexec`, `noatime` … */
  mountFlags(path: string): readonly string[];
}

/** Extended attributes of the path itself, never of what a symlink points to. Names and paths may be raw bytes. */
export interface XattrCalls {
  getXattr(path: string | Buffer, name: string): Uint8Array | undefined;
  setXattr(path: string | Buffer, name: string, value: Uint8Array): void;
  removeXattr(path: string | Buffer, name: string): void;
  /** `[]` also where the file system has none. */
  listXattr(path: string | Buffer): readonly string[];
}

/** Calls on files that Node lacks. */
export interface FileCalls {
  /** mknod(2); `mode` includes the type bits. */
  makeNode(path: string | Buffer, mode: number, major: number, minor: number): void;
  /** utimensat(2) with AT_SYMLINK_NOFOLLOW; exact to the nanosecond. */
  setTimes(path: string | Buffer, accessed: Timespec, modified: Timespec): void;
  /**
   * openat2(2) with RESOLVE_IN_ROOT: `path` and every symlink in it are resolved as if `root` were `/`.
   * Returns a file descriptor. `flags` as in `fs.constants`, `O_PATH` included.
   */
  openInRoot(root: string | number, path: string | Buffer, flags: number, mode?: number): number;
  /** flock(2), non-blocking: false when another process holds it. `unlock` releases. */
  lock(fd: number, kind: 'shared' | 'exclusive' | 'unlock'): boolean;
}

/** The system calls Node lacks. Synchronous, errno-exact, usable from several threads (each thread creates its own). */
export interface HostCalls extends MountCalls, XattrCalls, FileCalls {}
