// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { createReadStream, existsSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** A server on a free loopback port. */
export interface LoopbackServer {
  readonly port: number;
  /** What was asked, first lines only. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** Serves the repositories below a folder as git's daemon does. */
export async function startGitDaemon(base: string): Promise<LoopbackServer> {
  return await listen((requests) =>
    createServer((socket) => {
      const args = ['daemon', '--inetd', '--export-all', `--base-path=${base}`, base];
      const daemon = spawn('git', args, { stdio: ['pipe', 'pipe', 'ignore'] });
      socket.once('data', (line: Buffer) =>
        requests.push(line.toString('latin1').slice(4).split('\0')[0] ?? ''),
      );
      for (const stream of [socket, daemon.stdin, daemon.stdout]) stream.on('error', () => socket.destroy());
      socket.pipe(daemon.stdin);
      daemon.stdout.pipe(socket);
    }),
  );
}

/** Answers a request itself, or returns false. */
export type HttpScript = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Serves the repositories below a folder with git's own http backend. */
export async function startSmartHttp(
  base: string,
  script: HttpScript = () => false,
): Promise<LoopbackServer> {
  return await listen((requests) =>
    createHttpServer((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      if (!script(request, response)) backend(base, request, response);
    }),
  );
}

/** Serves the files below a folder, as a web server that knows nothing of git. */
export async function startFileHttp(base: string): Promise<LoopbackServer> {
  return await listen((requests) =>
    createHttpServer((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      const path = join(base, new URL(request.url ?? '/', 'http://x').pathname);
      if (existsSync(path)) createReadStream(path).pipe(response);
      else response.writeHead(404).end();
    }),
  );
}

/** Takes connections and never answers. */
export async function startSilentServer(): Promise<LoopbackServer> {
  return await listen(() => createServer((socket) => void socket.on('error', () => {}).resume()));
}

/** Starts a server of http. */
export async function startHttp(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  host?: string,
): Promise<LoopbackServer> {
  return await listen(
    (requests) =>
      createHttpServer((request, response) => {
        requests.push(`${request.method} ${request.url}`);
        handle(request, response);
      }),
    host,
  );
}

async function listen(
  create: (requests: string[]) => Server,
  host: string = '127.0.0.1',
): Promise<LoopbackServer> {
  const requests: string[] = [];
  const server = create(requests);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Runs the CGI program. @see RFC 3875 */
function backend(base: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
  const child = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: base,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathname,
      QUERY_STRING: searchParams.toString(),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
  });
  child.stdin.on('error', () => {});
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.once('close', () => {
    const all = Buffer.concat(chunks);
    const end = all.indexOf('\r\n\r\n');
    for (const line of all.subarray(0, end).toString('latin1').split('\r\n')) {
      const [name = '', value = ''] = line.split(': ');
      if (name === 'Status') response.statusCode = Number(value.slice(0, 3));
      else response.setHeader(name, value);
    }
    response.end(all.subarray(end + 4));
  });
}
