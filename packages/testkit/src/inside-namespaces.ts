// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

interface NestedResults {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/**
 * Runs a test file that mounts things (`file`, relative to the calling test file) in jest processes of their own: as
 * root in a mount namespace, and as everybody in a user namespace too. Each of its tests becomes a test here.
 */
export function describeInsideNamespaces(caller: string, file: string): void {
  const path = fileURLToPath(new URL(file, caller));
  const namespaces: readonly (readonly [name: string, flags: readonly string[]])[] = [
    ...(process.getuid?.() === 0 ? [['in a mount namespace', ['-m']] as const] : []),
    ['in a user namespace', ['-U', '-r', '-m', '-p', '--fork', '--mount-proc']],
  ];
  describe.each(namespaces)('%s', (_name, flags) => {
    for (const { name, failure } of runNested(path, flags)) {
      test(name, () => {
        expect(failure).toBeUndefined();
      });
    }
  });
}

function runNested(
  path: string,
  flags: readonly string[],
): readonly { readonly name: string; readonly failure: string | undefined }[] {
  const folder = mkdtempSync(join(tmpdir(), 'img-nested-'));
  try {
    const output = join(folder, 'results.json');
    const runner = fileURLToPath(new URL('../../../tools/jest/run.js', import.meta.url));
    const jest = [
      process.execPath,
      runner,
      '--testMatch',
      path,
      '--runInBand',
      '--reporters=default',
      '--json',
      `--outputFile=${output}`,
      // The shared cache may belong to another user.
      `--cacheDirectory=${join(folder, 'cache')}`,
      '--rootDir',
      packageOf(path),
    ];
    const { stderr, error } = spawnSync('unshare', [...flags, '--', ...jest], {
      encoding: 'utf8',
      cwd: packageOf(path),
      maxBuffer: 64 * 1024 * 1024,
    });
    const results = readResults(output);
    if (results === undefined) return [{ name: `${path} runs`, failure: error?.message ?? stderr }];
    return results.testResults.flatMap(({ message, assertionResults }) =>
      assertionResults.length === 0
        ? [{ name: `${path} has tests`, failure: message }]
        : assertionResults.map(({ fullName, status, failureMessages }) => ({
            name: fullName,
            failure: status === 'passed' ? undefined : failureMessages.join('\n') || status,
          })),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readResults(path: string): NestedResults | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as NestedResults;
  } catch {
    return undefined;
  }
}

/** The package folder: the parent of its `test` folder. */
function packageOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/test/')) || dirname(path);
}
