// SPDX-License-Identifier: MIT
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { PROGRAM_PATH } from './run.ts';

/** Repositories behind git's own daemon, on a free loopback port. */
export interface GitServer {
  /** `git://127.0.0.1:<port>` */
  readonly url: string;
  /** Commits files to the branch `main` of a repository, made when missing; returns the commit. */
  commit(repository: string, files: Readonly<Record<string, string>>): string;
  /** Runs git in a repository. */
  git(repository: string, ...args: string[]): string;
  stop(): Promise<void>;
}

const ENV = {
  PATH: PROGRAM_PATH,
  HOME: '/nonexistent',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@b',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@b',
  GIT_AUTHOR_DATE: '2020-01-02T03:04:05Z',
  GIT_COMMITTER_DATE: '2020-01-02T03:04:05Z',
};

/** Starts a server. @param folder - where the repositories are; made when missing. */
export async function startGitServer(folder: string): Promise<GitServer> {
  mkdirSync(folder, { recursive: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const args = ['daemon', '--inetd', '--export-all', `--base-path=${folder}`, folder];
    const daemon = spawn('git', args, { stdio: ['pipe', 'pipe', 'ignore'], env: ENV });
    for (const stream of [socket, daemon.stdin, daemon.stdout]) stream.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    socket.pipe(daemon.stdin);
    daemon.stdout.pipe(socket);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const git = (repository: string, ...args: string[]): string =>
    execFileSync('git', ['-C', join(folder, repository), ...args], { encoding: 'utf8', env: ENV }).trim();
  return {
    url: `git://127.0.0.1:${(server.address() as AddressInfo).port}`,
    git,
    commit(repository, files) {
      mkdirSync(join(folder, repository), { recursive: true });
      if (!existsSync(join(folder, repository, '.git'))) git(repository, 'init', '--quiet', '-b', 'main');
      for (const [name, text] of Object.entries(files)) {
        const path = join(folder, repository, name);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
      }
      git(repository, 'add', '.');
      git(repository, 'commit', '--quiet', '-m', 'files');
      return git(repository, 'rev-parse', 'HEAD');
    },
    async stop() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
      await promise;
    },
  };
}
