// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** A docker-registry on a loopback port. */
export interface RegistryServer {
  /** `host:port` */
  readonly host: string;
  /** Drops every repository, so that the next push must upload. */
  clear(): void;
  stop(): Promise<void>;
}

/** Starts Debian's docker-registry without TLS and without logs, storing below `folder`. */
export async function startRegistry(folder: string): Promise<RegistryServer> {
  const port = await freePort();
  const storage = join(folder, 'storage');
  mkdirSync(storage, { recursive: true });
  const config = join(folder, 'config.yml');
  writeFileSync(
    config,
    JSON.stringify({
      version: '0.1',
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: storage } },
      http: { addr: `127.0.0.1:${port}` },
    }),
  );
  const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const host = `127.0.0.1:${port}`;
  for (let attempt = 0; !(await answers(host)); attempt++) {
    if (attempt === 100 || child.exitCode !== null) throw new Error('docker-registry does not answer');
    await wait(50);
  }
  return {
    host,
    clear: () => rmSync(join(storage, 'docker'), { recursive: true, force: true }),
    async stop() {
      child.kill();
      await ended;
    },
  };
}

async function answers(host: string): Promise<boolean> {
  try {
    return (await fetch(`http://${host}/v2/`)).ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
