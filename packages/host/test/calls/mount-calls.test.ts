// SPDX-License-Identifier: MIT
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { NAMESPACES, runInside } from '../support/namespaces.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const parent = temporaryFolder();

describe.each(NAMESPACES)('mount calls in %s', (_name, flags) => {
  function run(scenario: string): { result: unknown; root: string } {
    const root = mkdtempSync(join(parent, 'm'));
    return { result: runInside(flags, './mount-scenarios.ts', scenario, root), root };
  }

  test('mount a tmpfs with flags, data and propagation and unmount it', () => {
    const { result, root } = run('tmpfs');
    const target = join(root, 'tmpfs');
    expect(result).toEqual({
      flags: expect.arrayContaining(['nosuid', 'nodev']),
      gone: true,
      again: { code: 'EINVAL', syscall: 'umount2', path: target },
      target,
    });
  });

  test('bind read-only and keep the flags of the source', () => {
    const { result, root } = run('bind');
    const seen = result as { flags: string[]; sourceFlags: string[] };
    expect(seen.flags).toEqual(expect.arrayContaining(['ro', 'nosuid', 'noexec']));
    expect(seen.sourceFlags).not.toContain('ro');
    expect(result).toHaveProperty('write', {
      code: 'EROFS',
      syscall: 'open',
      path: join(root, 'target', 'a'),
    });
  });

  test('mount an overlay whose paths need escaping', () => {
    expect(run('overlay').result).toEqual({ seen: 3, same: 'top', written: true, cwd: process.cwd() });
  });

  test('mount an overlay whose options exceed a page', () => {
    expect(run('overlay of 400 layers').result).toEqual({
      seen: 400,
      same: 'top',
      written: true,
      cwd: process.cwd(),
    });
  });

  test('report what the kernel refuses', () => {
    expect(run('too many layers').result).toHaveProperty('code', 'EINVAL');
    const { result, root } = run('missing source');
    expect(result).toEqual({ code: 'ENOENT', syscall: 'mount', path: join(root, 'nothing') });
  });
});
