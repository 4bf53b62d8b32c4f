// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';

// The flags go on the command line, not into NODE_OPTIONS: programs started by a test must not inherit them.
// Worker threads do inherit them, so a thread started from a .ts file finds the workspace's sources as well.
const flags = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  '--conditions=@img-build/source',
];
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');

const child = spawn(process.execPath, [...flags, jest, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal];
});
