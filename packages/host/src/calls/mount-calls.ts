// SPDX-License-Identifier: MIT
import { closeSync, constants, openSync } from 'node:fs';
import { relative } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { MountCalls } from '@img-build/interfaces';
import { createMountInterface } from './mount-interface.ts';
import { MS, parseMountOptions, wordsOfStatfs } from './mount-options.ts';
import type { NativeLibrary } from './native-library.ts';
import { commonFolder, formatOverlayOptions, parseOverlayOptions } from './overlay-options.ts';
import { checked, cString } from './system-call.ts';

const MNT_DETACH = 2;
/** mount(2) copies one page of options and cuts off the rest. */
const MAX_DATA = 4095;
/** Of struct statfs on 64-bit machines. */
const STATFS_SIZE = 120;
const STATFS_FLAGS_OFFSET = 80;

/** mount(2), umount2(2) and, for overlays of many layers, fsopen(2) and its relatives. */
export function createMountCalls(library: NativeLibrary): MountCalls {
  const mount2 = library.bind(
    'int mount(const void *source, const void *target, const char *type, unsigned long flags, const void *data)',
  );
  const umount2 = library.bind('int umount2(const void *target, int flags)');
  const statfs = library.bind('int statfs(const void *path, void *into)');
  const fchdir = library.bind('int fchdir(int fd)');
  const mountInterface = createMountInterface(library);

  function call(source: string, target: string, type: string | null, flags: number, data: string): void {
    const result = mount2(
      cString(source, 'mount'),
      cString(target, 'mount'),
      type,
      flags,
      data === '' ? null : cString(data, 'mount'),
    );
    checked(library, result, { syscall: 'mount', path: source, dest: target });
  }

  function mountFlags(path: string): readonly string[] {
    const into = Buffer.alloc(STATFS_SIZE);
    checked(library, statfs(cString(path, 'statfs'), into), { syscall: 'statfs', path });
    return wordsOfStatfs(Number(into.readBigUInt64LE(STATFS_FLAGS_OFFSET)));
  }

  function unmount(target: string): void {
    checked(library, umount2(cString(target, 'umount2'), MNT_DETACH), { syscall: 'umount2', path: target });
  }

  /** The kernel ignores all other flags when it binds; a remount sets them. Flags a user namespace may not clear are kept. */
  function bind(source: string, target: string, flags: number): void {
    const binding = flags & (MS.BIND | MS.REC);
    call(source, target, null, binding, '');
    const wanted = flags & ~binding;
    if (wanted === 0) return;
    try {
      const kept = parseMountOptions(mountFlags(target)).flags & ~MS.RDONLY;
      call('none', target, null, wanted | kept | MS.BIND | MS.REMOUNT, '');
    } catch (error) {
      unmount(target);
      throw error;
    }
  }

  /** From inside the common folder of the layers, so that the paths in the options are a few bytes each. */
  function overlayFromInside(
    target: string,
    options: ReturnType<typeof parseOverlayOptions>,
    flags: number,
  ): void {
    const folder = commonFolder(options);
    const before = openSync('.', constants.O_DIRECTORY);
    const inside = openSync(folder, constants.O_DIRECTORY);
    try {
      checked(library, fchdir(inside), { syscall: 'fchdir', path: folder });
      try {
        call(
          'overlay',
          target,
          'overlay',
          flags,
          formatOverlayOptions(options, (path) => relative(folder, path)),
        );
      } finally {
        checked(library, fchdir(before), { syscall: 'fchdir' });
      }
    } finally {
      closeSync(inside);
      closeSync(before);
    }
  }

  function overlay(target: string, flags: number, words: readonly string[]): void {
    const options = parseOverlayOptions(words);
    const data = formatOverlayOptions(options);
    if (Buffer.byteLength(data) <= MAX_DATA) return call('overlay', target, 'overlay', flags, data);
    try {
      mountInterface.mountOverlay(target, options, flags);
    } catch (error) {
      // Kernels before 6.8 know no `lowerdir+`, older ones or a seccomp profile not the calls themselves.
      if (!isSystemError(error, 'ENOSYS', 'EPERM', 'EINVAL', 'ENAMETOOLONG')) throw error;
      overlayFromInside(target, options, flags);
    }
  }

  return {
    mount(source, target, type, words) {
      const { flags, propagation, data } = parseMountOptions(words);
      if ((flags & MS.BIND) !== 0 && (flags & MS.REMOUNT) === 0) bind(source, target, flags);
      else if (type === 'overlay') overlay(target, flags, data);
      else if (type !== '' || (flags & MS.REMOUNT) !== 0) call(source, target, type, flags, data.join(','));
      for (const spread of propagation) call('none', target, null, spread, '');
    },
    unmount,
    mountFlags,
  };
}
