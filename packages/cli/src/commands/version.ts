// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { isSystemError } from '@img-build/errors';
import { formatPlatform } from '@img-build/oci';
import type { Command } from '../command.ts';
import { formatTable } from '../render/table.ts';
import { VERSION } from '../version.ts';

/** `img version` */
export const versionCommand: Command = {
  name: 'version',
  summary: 'Show the version information.',
  usage: '',
  flags: [],
  positionals: { min: 0, max: 0 },
  async run({ io, services }) {
    io.stdout.write('img:\n');
    io.stdout.write(
      formatTable([
        [' version', `: ${VERSION}`],
        [' node version', `: ${process.version}`],
        [' platform', `: ${formatPlatform(services.platform)}`],
      ]),
    );
    const runtime = runtimeVersion('runc') ?? runtimeVersion('crun');
    io.stdout.write(
      runtime === undefined ? 'no container runtime found: RUN needs runc or crun on PATH\n' : `${runtime}\n`,
    );
  },
};

function runtimeVersion(name: string): string | undefined {
  try {
    return execFileSync(name, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
