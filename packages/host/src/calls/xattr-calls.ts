// SPDX-License-Identifier: MIT
import type { XattrCalls } from '@img-build/interfaces';
import type { NativeLibrary } from './native-library.ts';
import { checked, cString, systemCallError } from './system-call.ts';

const ENODATA = 61;
const ENOTSUP = 95;
const ERANGE = 34;
const FIRST_SIZE = 256;
/** The kernel's own limit for one value and for one list (XATTR_SIZE_MAX, XATTR_LIST_MAX). */
const MAX_SIZE = 65_536;

/** lgetxattr(2) and its relatives. */
export function createXattrCalls(library: NativeLibrary): XattrCalls {
  const lgetxattr = library.bind(
    'int64_t lgetxattr(const void *path, const void *name, void *value, size_t size)',
  );
  const lsetxattr = library.bind(
    'int lsetxattr(const void *path, const void *name, const void *value, size_t size, int flags)',
  );
  const lremovexattr = library.bind('int lremovexattr(const void *path, const void *name)');
  const llistxattr = library.bind('int64_t llistxattr(const void *path, void *list, size_t size)');
  const scratch = Buffer.alloc(FIRST_SIZE);

  /** Calls with a small buffer first: almost every value and list fits. */
  function read(
    call: (into: Buffer) => number,
    syscall: string,
    path: string | Buffer,
  ): Uint8Array | undefined {
    for (const size of [FIRST_SIZE, MAX_SIZE]) {
      const into = size === FIRST_SIZE ? scratch : Buffer.alloc(size);
      const length = call(into);
      if (length >= 0) return Uint8Array.from(into.subarray(0, length));
      const errno = library.errno();
      if (errno === ENODATA || errno === ENOTSUP) return undefined;
      if (errno !== ERANGE) throw systemCallError(errno, { syscall, path });
    }
    throw systemCallError(ERANGE, { syscall, path });
  }

  return {
    getXattr(path, name) {
      const [file, key] = [cString(path, 'lgetxattr'), cString(name, 'lgetxattr')];
      return read((into) => lgetxattr(file, key, into, into.length), 'lgetxattr', path);
    },
    setXattr(path, name, value) {
      const result = lsetxattr(
        cString(path, 'lsetxattr'),
        cString(name, 'lsetxattr'),
        value,
        value.length,
        0,
      );
      checked(library, result, { syscall: 'lsetxattr', path });
    },
    removeXattr(path, name) {
      checked(library, lremovexattr(cString(path, 'lremovexattr'), cString(name, 'lremovexattr')), {
        syscall: 'lremovexattr',
        path,
      });
    },
    listXattr(path) {
      const file = cString(path, 'llistxattr');
      const list = read((into) => llistxattr(file, into, into.length), 'llistxattr', path);
      if (list === undefined || list.length === 0) return [];
      return Buffer.from(list.buffer, list.byteOffset, list.length - 1)
        .toString('utf8')
        .split('\0');
    },
  };
}
