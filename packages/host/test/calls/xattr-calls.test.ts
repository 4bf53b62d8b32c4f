// SPDX-License-Identifier: MIT
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createHostCalls } from '../../src/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const host = createHostCalls();
const folder = temporaryFolder();

describe('extended attributes', () => {
  test('are set, listed, read and removed, raw names included', () => {
    for (const path of [
      join(folder, 'file'),
      Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]),
    ]) {
      writeFileSync(path, '');
      expect(host.listXattr(path).filter((name) => name.startsWith('user.'))).toEqual([]);
      host.setXattr(path, 'user.a', new Uint8Array([0, 1, 255]));
      host.setXattr(path, 'user.empty', new Uint8Array());
      expect(host.listXattr(path)).toEqual(expect.arrayContaining(['user.a', 'user.empty']));
      expect([...(host.getXattr(path, 'user.a') ?? [])]).toEqual([0, 1, 255]);
      expect(host.getXattr(path, 'user.empty')).toHaveLength(0);
      expect(host.getXattr(path, 'user.none')).toBeUndefined();
      host.removeXattr(path, 'user.a');
      expect(host.getXattr(path, 'user.a')).toBeUndefined();
    }
  });

  test('longer than the first buffer are read whole', () => {
    const path = join(folder, 'long');
    writeFileSync(path, '');
    const value = new Uint8Array(2000).map((_, index) => index & 0xff);
    host.setXattr(path, 'user.long', value);
    const short = host.getXattr(path, 'user.long');
    expect(Buffer.compare(short ?? new Uint8Array(), value)).toBe(0);
  });

  test('are those of a symlink, not of its target', () => {
    const path = join(folder, 'link');
    symlinkSync('file', path);
    expect(host.getXattr(path, 'user.empty')).toBeUndefined();
    expect(() => host.setXattr(path, 'user.a', new Uint8Array())).toThrow(
      expect.objectContaining({ code: 'EPERM', syscall: 'lsetxattr', path }),
    );
  });

  test('are absent where there are none', () => {
    expect(host.listXattr('/proc/self/status')).toEqual([]);
    expect(host.getXattr('/proc/self/status', 'user.a')).toBeUndefined();
    expect(() => host.listXattr(join(folder, 'nothing'))).toThrow(
      expect.objectContaining({ code: 'ENOENT', syscall: 'llistxattr' }),
    );
  });
});
