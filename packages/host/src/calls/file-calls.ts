// SPDX-License-Identifier: MIT
import { closeSync, constants, openSync } from 'node:fs';
import type { FileCalls, Timespec } from '@img-build/interfaces';
import type { NativeLibrary } from './native-library.ts';
import { checked, cString, systemCallError } from './system-call.ts';

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
/** Not in `fs.constants`; the same on every architecture Node runs on under Linux. */
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const O_TMPFILE_BIT = 0o20000000;
const RESOLVE_IN_ROOT = 0x10;
const SYS_OPENAT2 = 437;
const EAGAIN = 11;
const LOCK = { shared: 1, exclusive: 2, unlock: 8 } as const;
const LOCK_NB = 4;
/** openat2 answers EAGAIN when a rename or mount anywhere raced with a `..`; that ends after a few attempts. */
const RACE_ATTEMPTS = 64;

/** mknod(2), utimensat(2), openat2(2) and flock(2). */
export function createFileCalls(library: NativeLibrary): FileCalls {
  // By number: older C libraries do not export mknod as a function.
  const mknodat = library.bind(
    'int64_t syscall(int64_t number, int directory, const void *path, uint32_t mode, uint32_t device)',
  );
  const utimensat = library.bind(
    'int utimensat(int directory, const void *path, const void *times, int flags)',
  );
  const openat2 = library.bind(
    'int64_t syscall(int64_t number, int directory, const void *path, const void *how, size_t size)',
  );
  const flock = library.bind('int flock(int fd, int operation)');
  const mknodatNumber = process.arch === 'x64' ? 259 : 33;
  const times = Buffer.alloc(32);

  function openBelow(root: number, path: string | Buffer, flags: number, mode: number): number {
    const how = Buffer.alloc(24);
    how.writeBigUInt64LE(BigInt((flags | O_CLOEXEC) >>> 0), 0);
    how.writeBigUInt64LE(BigInt((flags & (constants.O_CREAT | O_TMPFILE_BIT)) === 0 ? 0 : mode & 0o7777), 8);
    how.writeBigUInt64LE(BigInt(RESOLVE_IN_ROOT), 16);
    const name = cString(path, 'openat2');
    for (let attempt = 1; ; attempt++) {
      const fd = openat2(SYS_OPENAT2, root, name, how, how.length);
      if (fd >= 0) return fd;
      const errno = library.errno();
      if (errno !== EAGAIN || attempt >= RACE_ATTEMPTS)
        throw systemCallError(errno, { syscall: 'openat2', path });
    }
  }

  return {
    makeNode(path, mode, major, minor) {
      const device = ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xff) << 12)) >>> 0;
      checked(library, mknodat(mknodatNumber, AT_FDCWD, cString(path, 'mknod'), mode, device), {
        syscall: 'mknod',
        path,
      });
    },
    setTimes(path, accessed, modified) {
      writeTimespec(times, 0, accessed);
      writeTimespec(times, 16, modified);
      checked(library, utimensat(AT_FDCWD, cString(path, 'utimensat'), times, AT_SYMLINK_NOFOLLOW), {
        syscall: 'utimensat',
        path,
      });
    },
    openInRoot(root, path, flags, mode = 0o666) {
      if (typeof root === 'number') return openBelow(root, path, flags, mode);
      const folder = openSync(root, O_PATH | constants.O_DIRECTORY);
      try {
        return openBelow(folder, path, flags, mode);
      } finally {
        closeSync(folder);
      }
    },
    lock(fd, kind) {
      if (flock(fd, LOCK[kind] | LOCK_NB) === 0) return true;
      const errno = library.errno();
      if (errno === EAGAIN) return false;
      throw systemCallError(errno, { syscall: 'flock' });
    },
  };
}

function writeTimespec(into: Buffer, offset: number, time: Timespec): void {
  into.writeBigInt64LE(time.seconds, offset);
  into.writeBigInt64LE(BigInt(time.nanoseconds), offset + 8);
}
