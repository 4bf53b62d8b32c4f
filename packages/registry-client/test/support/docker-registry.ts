// SPDX-License-Identifier: MIT
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** How to run the registry. */
export interface DockerRegistryOptions {
  /** Empty folder for its data and configuration. */
  readonly folder: string;
  /** Paths of a PEM certificate, its key, and the CAs of the clients that are let in. */
  readonly tls?:
    | { readonly certificate: string; readonly key: string; readonly clientcas?: readonly string[] }
    | undefined;
  /** Path of an htpasswd file with bcrypt hashes. */
  readonly htpasswd?: string | undefined;
  /** Takes the tokens of a server; paths and names as the registry's configuration has them. */
  readonly token?:
    | {
        readonly realm: string;
        readonly service: string;
        readonly issuer: string;
        readonly rootcertbundle: string;
      }
    | undefined;
}

/** A running docker-registry. */
export interface DockerRegistry {
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  stop(): Promise<void>;
}

/** Starts Debian's docker-registry on a free loopback port. */
export async function startDockerRegistry({
  folder,
  tls,
  htpasswd,
  token,
}: DockerRegistryOptions): Promise<DockerRegistry> {
  for (let attempt = 0; ; attempt++) {
    const port = await freePort();
    const config = {
      version: 0.1,
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${port}`, ...(tls === undefined ? {} : { tls }) },
      ...(token === undefined ? {} : { auth: { token } }),
      ...(htpasswd === undefined ? {} : { auth: { htpasswd: { realm: 'test registry', path: htpasswd } } }),
    };
    await mkdir(join(folder, 'data'), { recursive: true });
    await writeFile(join(folder, 'config.yml'), JSON.stringify(config));
    const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'], OTEL_TRACES_EXPORTER: 'none' },
    });
    if (await listens(child, port))
      return { host: `127.0.0.1:${port}`, stop: async () => await stopped(child) };
    // Another program took the port between finding and using it.
    if (attempt === 4) throw new Error('docker-registry does not start');
  }
}

async function listens(child: ChildProcess, port: number): Promise<boolean> {
  let exited = false;
  child.once('exit', () => (exited = true));
  while (!exited) {
    if (await answers(port)) return true;
  }
  return false;
}

async function answers(port: number): Promise<boolean> {
  const { connect } = await import('node:net');
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, '127.0.0.1');
  socket.once('connect', () => resolve(true));
  socket.once('error', () => setImmediate(() => resolve(false)));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
