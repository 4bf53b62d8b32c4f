// SPDX-License-Identifier: MIT
import { closeSync } from 'node:fs';
import { MS } from './mount-options.ts';
import type { NativeLibrary } from './native-library.ts';
import type { OverlayOption } from './overlay-options.ts';
import { checked, cString, systemCallError } from './system-call.ts';

const SYS = { moveMount: 429, fsopen: 430, fsconfig: 431, fsmount: 432 } as const;
const FSCONFIG = { setFlag: 0, setString: 1, create: 6 } as const;
const CLOEXEC = 1;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const AT_FDCWD = -100;
const ENAMETOOLONG = 36;
/** The kernel refuses longer values here. */
const MAX_VALUE = 255;
/** Attributes of fsmount(2) have other values than the flags of mount(2) from NOATIME on. */
const ATTRIBUTES: readonly (readonly [flag: number, attribute: number])[] = [
  [MS.RDONLY, 1],
  [MS.NOSUID, 2],
  [MS.NODEV, 4],
  [MS.NOEXEC, 8],
  [MS.NOATIME, 0x10],
  [MS.NODIRATIME, 0x80],
];

/** Mounting step by step (fsopen(2), Linux 5.2), where each lower folder is an option of its own. */
export interface MountInterface {
  mountOverlay(target: string, options: readonly OverlayOption[], flags: number): void;
}

/** Binds the calls by number: C libraries before glibc 2.36 do not export them. */
export function createMountInterface(library: NativeLibrary): MountInterface {
  const fsopen = library.bind('int64_t syscall(int64_t number, const char *type, unsigned int flags)');
  const fsconfig = library.bind(
    'int64_t syscall(int64_t number, int fd, unsigned int command, const void *key, const void *value, int extra)',
  );
  const fsmount = library.bind(
    'int64_t syscall(int64_t number, int fd, unsigned int flags, unsigned int attributes)',
  );
  const moveMount = library.bind(
    'int64_t syscall(int64_t number, int from, const char *empty, int directory, const void *target, unsigned int flags)',
  );

  function configure(fd: number, command: number, key: string | null, value: string | null): void {
    if (value !== null && Buffer.byteLength(value) > MAX_VALUE)
      throw systemCallError(ENAMETOOLONG, { syscall: 'fsconfig', path: value });
    const result = fsconfig(
      SYS.fsconfig,
      fd,
      command,
      key,
      value === null ? null : cString(value, 'fsconfig'),
      0,
    );
    checked(library, result, { syscall: 'fsconfig', path: value ?? key ?? undefined });
  }

  function add(fd: number, option: OverlayOption): void {
    if (option.name === 'lowerdir') {
      for (const path of option.paths) configure(fd, FSCONFIG.setString, 'lowerdir+', path);
      return;
    }
    if (option.name !== 'flag')
      return configure(fd, FSCONFIG.setString, option.name, option.path.replace(/[\\:]/g, '\\$&'));
    const [key = '', value] = option.word.split('=', 2);
    if (value === undefined) configure(fd, FSCONFIG.setFlag, key, null);
    else configure(fd, FSCONFIG.setString, key, value);
  }

  return {
    mountOverlay(target, options, flags) {
      const context = checked(library, fsopen(SYS.fsopen, 'overlay', CLOEXEC), {
        syscall: 'fsopen',
        path: 'overlay',
      });
      try {
        configure(context, FSCONFIG.setString, 'source', 'overlay');
        for (const option of options) add(context, option);
        configure(context, FSCONFIG.create, null, null);
        const attributes = ATTRIBUTES.reduce(
          (sum, [flag, attribute]) => ((flags & flag) === 0 ? sum : sum | attribute),
          0,
        );
        const mount = checked(library, fsmount(SYS.fsmount, context, CLOEXEC, attributes), {
          syscall: 'fsmount',
          path: target,
        });
        try {
          const moved = moveMount(
            SYS.moveMount,
            mount,
            '',
            AT_FDCWD,
            cString(target, 'move_mount'),
            MOVE_MOUNT_F_EMPTY_PATH,
          );
          checked(library, moved, { syscall: 'move_mount', path: target });
        } finally {
          closeSync(mount);
        }
      } finally {
        closeSync(context);
      }
    },
  };
}
