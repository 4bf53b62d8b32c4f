// SPDX-License-Identifier: MIT
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM_PATH } from './run.ts';

/** How to run a registry. */
export interface RegistryOptions {
  /** Paths of a PEM certificate and its key. */
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined;
  /** Path of an htpasswd file with bcrypt hashes. */
  readonly htpasswd?: string | undefined;
  /** Takes the tokens of this server, whose certificate this CA vouches for. */
  readonly tokens?: { readonly realm: string; readonly issuer: string; readonly ca: string } | undefined;
}

/** A running registry. */
export interface Registry {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  /** Path of its access log. */
  readonly log: string;
  readonly process: ChildProcess;
  /** Requests answered since a number of requests, as `GET /v2/ 200`. */
  requests(): readonly string[];
  stop(): Promise<void>;
}

/** Starts Debian's docker-registry on a free loopback port. @param folder - made by this call; holds its data. */
export async function startRegistry(
  folder: string,
  { tls, htpasswd, tokens }: RegistryOptions = {},
): Promise<Registry> {
  mkdirSync(join(folder, 'data'), { recursive: true });
  const config = {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0', ...(tls === undefined ? {} : { tls }) },
    ...(htpasswd === undefined ? {} : { auth: { htpasswd: { realm: 'test registry', path: htpasswd } } }),
    ...(tokens === undefined
      ? {}
      : {
          auth: {
            token: {
              realm: tokens.realm,
              service: tokens.issuer,
              issuer: tokens.issuer,
              rootcertbundle: tokens.ca,
            },
          },
        }),
  };
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));
  const log = join(folder, 'access.log');
  const output = openSync(log, 'w');
  // The registry must not outlive the tests, however they end.
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', 'docker-registry', 'serve', join(folder, 'config.yml')],
    { stdio: ['ignore', output, 'pipe'], env: { PATH: PROGRAM_PATH, OTEL_TRACES_EXPORTER: 'none' } },
  );
  closeSync(output);
  return {
    host: await listeningAddress(child),
    log,
    process: child,
    requests: () => readRequests(log),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** What the registry was asked, in the order of its answers: `METHOD PATH STATUS`. */
export function readRequests(log: string): readonly string[] {
  return [...readFileSync(log, 'utf8').matchAll(/"([A-Z]+) (\S+) HTTP\/[\d.]+" (\d+)/g)].map(
    ([, method, path, status]) => `${method} ${path} ${status}`,
  );
}

/** The registry chooses the port itself and says so. */
async function listeningAddress(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    if (text.length > 65_536) return;
    text += chunk.toString('utf8');
    const address = /listening on ([\d.]+:\d+)/.exec(text)?.[1];
    if (address !== undefined) resolve(address);
  });
  child.once('error', (error) => reject(new Error(`docker-registry: ${error.message}`)));
  child.once('exit', () => reject(new Error(`docker-registry ended: ${text}`)));
  return await promise;
}
