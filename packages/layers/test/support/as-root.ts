// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const RUNNER = fileURLToPath(new URL('../../../../tools/jest/run.js', import.meta.url));

/**
 * Defines tests that own files as others and make device nodes. An ordinary user runs the whole file once more as root
 * of a user namespace (with sub-ids where there are some), so the tests run for everybody.
 */
export function asRoot(file: string, define: () => void): void {
  if (process.getuid?.() === 0) {
    define();
    return;
  }
  test('passes as root of a user namespace', () => {
    const cache = mkdtempSync(join(tmpdir(), 'layers-jest-'));
    const options = ['--reporters=default', `--cacheDirectory=${cache}`, '--runTestsByPath'];
    const command = [process.execPath, RUNNER, ...options, fileURLToPath(file)];
    const probe = spawnSync('unshare', ['-Ur', '--map-auto', 'true']);
    const result = spawnSync(
      'unshare',
      ['-Ur', ...(probe.status === 0 ? ['--map-auto'] : []), '--', ...command],
      { encoding: 'utf8' },
    );
    rmSync(cache, { recursive: true, force: true });
    expect(result.status === 0 ? '' : result.stderr).toBe('');
  }, 120_000);
}
