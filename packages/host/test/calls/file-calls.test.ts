// SPDX-License-Identifier: MIT
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createHostCalls } from '../../src/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const host = createHostCalls();
const folder = temporaryFolder();
/** Not UTF-8: as a string it would be another name. */
const rawName = Buffer.concat([Buffer.from(`${folder}/raw-`), Buffer.from([0xff, 0xfe])]);

function readAll(fd: number): string {
  const buffer = Buffer.alloc(100);
  try {
    return buffer.toString('utf8', 0, readSync(fd, buffer));
  } finally {
    closeSync(fd);
  }
}

describe('file calls', () => {
  test('set times exactly, also of symlinks and raw names', () => {
    const link = join(folder, 'times-link');
    symlinkSync('nowhere', link);
    writeFileSync(rawName, '');
    for (const path of [link, rawName]) {
      host.setTimes(
        path,
        { seconds: -5n, nanoseconds: 999_999_999 },
        { seconds: 4_000_000_000n, nanoseconds: 123_456_789 },
      );
      const { atimeNs, mtimeNs } = lstatSync(path, { bigint: true });
      expect([atimeNs, mtimeNs]).toEqual([-4_000_000_001n, 4_000_000_000_123_456_789n]);
    }
  });

  test('make fifos', () => {
    const path = join(folder, 'fifo');
    host.makeNode(path, constants.S_IFIFO | 0o640, 0, 0);
    expect(lstatSync(path).isFIFO()).toBe(true);
  });

  test('make a whiteout device', () => {
    const path = join(folder, 'whiteout');
    host.makeNode(path, constants.S_IFCHR, 0, 0);
    expect(lstatSync(path)).toMatchObject({ rdev: 0 });
    expect(lstatSync(path).isCharacterDevice()).toBe(true);
  });

  test('fail like node:fs', () => {
    let error: unknown;
    try {
      host.makeNode(join(folder, 'fifo'), constants.S_IFIFO, 0, 0);
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ code: 'EEXIST', errno: -17, syscall: 'mknod', path: join(folder, 'fifo') });
    expect(error).toHaveProperty('message', `EEXIST: file already exists, mknod '${join(folder, 'fifo')}'`);
  });

  test('refuse a path with a NUL byte instead of cutting it', () => {
    expect(() => host.makeNode(`${folder}/a\0b`, constants.S_IFIFO, 0, 0)).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    );
    expect(() => lstatSync(join(folder, 'a'))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  test('resolve symlinks inside the root only', () => {
    const root = join(folder, 'root');
    mkdirSync(join(root, 'etc'), { recursive: true });
    writeFileSync(join(root, 'etc/passwd'), 'inside');
    symlinkSync('/etc/passwd', join(root, 'absolute'));
    symlinkSync('../../../../etc/passwd', join(root, 'relative'));
    symlinkSync('/proc/self/root/etc/hostname', join(root, 'missing'));
    for (const path of ['absolute', '/relative', '../../etc/passwd'])
      expect(readAll(host.openInRoot(root, path, constants.O_RDONLY))).toBe('inside');
    expect(() => host.openInRoot(root, 'missing', constants.O_RDONLY)).toThrow(
      expect.objectContaining({ code: 'ENOENT', syscall: 'openat2', path: 'missing' }),
    );
  });

  test('create below a folder given as a descriptor', () => {
    const root = openSync(folder, constants.O_DIRECTORY);
    const fd = host.openInRoot(
      root,
      Buffer.from('created'),
      constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY,
      0o600,
    );
    expect(fstatSync(fd).mode & 0o777).toBe(0o600);
    closeSync(fd);
    closeSync(root);
    expect(readFileSync(join(folder, 'created'), 'utf8')).toBe('');
  });

  test('lock between two descriptors', () => {
    const path = join(folder, 'lock');
    const [first, second] = [openSync(path, 'w'), openSync(path, 'w')];
    expect(host.lock(first, 'exclusive')).toBe(true);
    expect(host.lock(second, 'shared')).toBe(false);
    host.lock(first, 'unlock');
    expect(host.lock(second, 'shared')).toBe(true);
    expect(host.lock(first, 'shared')).toBe(true);
    closeSync(first);
    closeSync(second);
    expect(() => host.lock(second, 'shared')).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });
});
