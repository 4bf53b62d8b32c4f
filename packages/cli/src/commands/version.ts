// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { formatPlatform } from '@img-build/oci';
import type { Command } from '../command.ts';
import { formatTable } from '../render/table.ts';
import { VERSION } from '../version.ts';
import { workerEnvironment } from '../worker-command.ts';

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
    const env = workerEnvironment(services.env);
    const runtime = runtimeVersion('crun', env) ?? runtimeVersion('runc', env);
    io.stdout.write(
      runtime === undefined ? 'no container runtime found: RUN needs runc or crun on PATH\n' : `${runtime}\n`,
    );
  },
};

/** Milliseconds that a program may take to say what it is. */
const PATIENCE = 5000;

/** What a runtime says about itself; `undefined` for one that is not there or does not work. */
function runtimeVersion(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const { status, stdout } = spawnSync(name, ['--version'], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: PATIENCE,
  });
  return status === 0 ? stdout.trim() : undefined;
}
