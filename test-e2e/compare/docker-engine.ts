// SPDX-License-Identifier: MIT
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must, PROGRAM_PATH, run } from '../support/run.ts';

/** Debian's docker.io with the BuildKit that is built into its engine. */
export interface DockerEngine {
  /** Builds a context; the image's config carries the inline cache. */
  build(options: {
    readonly context: string;
    readonly name: string;
    readonly args: readonly string[];
  }): Promise<void>;
  /** Builds with nothing known but what the given image carries; returns what the engine prints of it. */
  buildFrom(options: {
    readonly context: string;
    readonly name: string;
    readonly cache: string;
  }): Promise<string>;
  push(name: string): Promise<void>;
  /** The image as `docker save` writes it. */
  save(name: string): Promise<Buffer>;
  stop(): Promise<void>;
}

/** The engine of this version builds without plugins, and so must the client: later ones want buildx. */
const CLIENT_VERSION = 'Docker version 20.';

/** Starts an engine of its own: own socket, own data, no networks. Needs root. */
export async function startDockerEngine(): Promise<DockerEngine> {
  const client = findClient();
  // The path of a socket is at most 107 characters long.
  const folder = mkdtempSync(join(tmpdir(), 'img-dockerd-'));
  mkdirSync(join(folder, 'home'));
  const log = join(folder, 'log');
  const host = `unix://${join(folder, 's.sock')}`;
  const output = openSync(log, 'w');
  const engine = spawn(
    'dockerd',
    [
      ['--iptables=false', '--ip6tables=false', '--bridge=none', '-H', host],
      [
        '--data-root',
        join(folder, 'data'),
        '--exec-root',
        join(folder, 'exec'),
        '--pidfile',
        join(folder, 'pid'),
      ],
    ].flat(),
    { env: { PATH: PROGRAM_PATH, HOME: join(folder, 'home') }, stdio: ['ignore', output, output] },
  );
  closeSync(output);
  const ended = once(engine, 'exit').catch(() => []);
  const env = { DOCKER_HOST: host, DOCKER_BUILDKIT: '1', HOME: join(folder, 'home') };

  async function stop(): Promise<void> {
    engine.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }

  const isUp = async (): Promise<boolean> => (await run(client, ['version'], { env })).code === 0;
  while (!(await isUp())) {
    if (engine.exitCode === null && engine.pid !== undefined) continue;
    const text = readFileSync(log, 'utf8').slice(-2000);
    await stop();
    throw new Error(`dockerd does not start; is docker.io 20.10 installed?\n${text}`);
  }
  return {
    async build({ context, name, args }) {
      const fixed = ['--network', 'none', '--progress', 'plain', '--build-arg', 'BUILDKIT_INLINE_CACHE=1'];
      // The inline cache names every key the engine ever knew of a result, also those of other builds.
      await must(client, ['builder', 'prune', '--all', '--force'], { env });
      await must(client, ['build', ...fixed, '-t', name, ...args, context], { env });
    },
    async buildFrom({ context, name, cache }) {
      await must(client, ['builder', 'prune', '--all', '--force'], { env });
      await must(client, ['image', 'prune', '--all', '--force'], { env });
      const args = ['build', '--network', 'none', '--progress', 'plain', '--cache-from', cache, '-t', name];
      return (await must(client, [...args, context], { env })).stderr;
    },
    push: async (name) => void (await must(client, ['push', name], { env })),
    save: async (name) => (await must(client, ['save', name], { env })).stdoutBytes,
    stop,
  };
}

function findClient(): string {
  const candidates = PROGRAM_PATH.split(':').map((folder) => join(folder, 'docker'));
  const found = candidates.find((path) => {
    try {
      return execFileSync(path, ['--version'], { encoding: 'utf8' }).startsWith(CLIENT_VERSION);
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error('no docker client of version 20; run: apt-get install docker.io');
  return found;
}
