// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must, type RunOptions, type RunResult, start } from './run.ts';

/** A Docker engine of the test's own. */
export interface Dockerd {
  /** Address for DOCKER_HOST. */
  readonly host: string;
  /** Runs the docker client on it. */
  docker(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  stop(): Promise<void>;
}

/** Starts Debian's dockerd on a socket and folders of its own, without networks. Needs root. */
export async function startDockerd(): Promise<Dockerd> {
  // Socket paths are short by law of the kernel.
  const folder = mkdtempSync(join(tmpdir(), 'img-dockerd-'));
  chmodSync(folder, 0o700);
  const host = `unix://${join(folder, 'sock')}`;
  const args = ['--data-root', 'data', '--exec-root', 'exec', '--pidfile', 'pid'].map((part) =>
    part.startsWith('--') ? part : join(folder, part),
  );
  // In a mount namespace of its own, so that no mount outlives it, and never longer than the tests.
  const { child, result } = start(
    'setpriv',
    [
      '--pdeathsig',
      'TERM',
      'unshare',
      '-m',
      'dockerd',
      '-H',
      host,
      ...args,
      '--iptables=false',
      '--bridge=none',
    ],
    { timeout: 2_000_000_000 },
  );
  const ended = result.then(({ stderr }) => stderr);
  await Promise.race([
    untilReady(child.stderr),
    ended.then((stderr) => Promise.reject(new Error(`dockerd ended: ${stderr.slice(-2000)}`))),
  ]);
  return {
    host,
    docker: async (command, options) => await must('docker', ['-H', host, ...command], options),
    async stop() {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The engine says when its socket answers. */
async function untilReady(output: NodeJS.ReadableStream | null): Promise<void> {
  let text = '';
  const { promise, resolve } = Promise.withResolvers<void>();
  output?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString('utf8')).slice(-65_536);
    if (text.includes('API listen on')) resolve();
  });
  if (output !== null) void once(output, 'end').then(() => resolve());
  await promise;
}
