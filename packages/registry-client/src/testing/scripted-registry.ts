// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Answer } from './answer.ts';
import { createRegistryStorage, type RegistryStorage, type StorageOptions } from './registry-storage.ts';

/** A request as it arrived. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Empty unless a fault read it; uploads are not copied. */
  readonly body: Buffer;
}

/** What a fault may do with a request. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** Reads the body. */
  read(): Promise<Buffer>;
  /** Answers as a sound registry would. */
  proceed(): Promise<void>;
}

/** Something other than the ordinary: an answer, or free hand. */
export type Fault = Answer | ((exchange: Exchange) => unknown);

/** How to run the registry. */
export interface ScriptedRegistryOptions extends StorageOptions {
  /** Passwords by user name: everybody else is refused, by basic authentication. */
  readonly accounts?: Readonly<Record<string, string>> | undefined;
  /** Speaks TLS with this certificate; asks for one signed by `clientCa` when given. */
  readonly tls?:
    | { readonly cert: string; readonly key: string; readonly clientCa?: string | undefined }
    | undefined;
}

/** A registry over a real socket that misbehaves as told. */
export interface ScriptedRegistry {
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  /** Scheme, host and port. */
  readonly origin: string;
  readonly storage: RegistryStorage;
  readonly requests: readonly SeenRequest[];
  /** Applies each fault once, in order, to requests `METHOD /path` that match. */
  once(pattern: RegExp, ...faults: readonly Fault[]): void;
  /** Applies a fault to every request that matches and has no fault of its own. */
  always(pattern: RegExp, fault: Fault): void;
  /** Method and path of what came, for short assertions. */
  trace(): readonly string[];
  close(): Promise<void>;
}

/**
 * Starts a registry on a free loopback port. Left alone it does what the distribution specification says: pull, push,
 * discovery and management; faults make it misbehave at any request.
 */
export async function startScriptedRegistry(
  options: ScriptedRegistryOptions = {},
): Promise<ScriptedRegistry> {
  const { tls, accounts } = options;
  const storage = createRegistryStorage(options);
  const requests: SeenRequest[] = [];
  const single: { readonly pattern: RegExp; readonly fault: Fault }[] = [];
  const lasting: { readonly pattern: RegExp; readonly fault: Fault }[] = [];

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: path = '' } = request;
    const headers = request.headers as Readonly<Record<string, string | undefined>>;
    const index = requests.push({ method, path, headers, body: Buffer.alloc(0) }) - 1;
    const url = new URL(path, 'http://registry');
    const read = async (): Promise<Buffer> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      requests[index] = { method, path, headers, body };
      return body;
    };
    const proceed = async (): Promise<void> => {
      if (!isAllowed(accounts, headers['authorization'])) {
        request.resume();
        return send(response, method, UNAUTHORIZED);
      }
      const taken = storage.receive(method, url, headers);
      if (typeof taken === 'object') {
        request.resume();
        return send(response, method, taken);
      }
      if (taken === undefined)
        return send(response, method, storage.answer(method, url, headers, await read()));
      for await (const chunk of request) taken(chunk as Buffer);
      send(response, method, storage.finish(method, url, headers));
    };
    const at = single.findIndex(({ pattern }) => pattern.test(`${method} ${path}`));
    const fault =
      at >= 0
        ? single.splice(at, 1)[0]?.fault
        : lasting.find(({ pattern }) => pattern.test(`${method} ${path}`))?.fault;
    if (fault === undefined) return await proceed();
    if (typeof fault === 'function') return void (await fault({ request, response, url, read, proceed }));
    await read();
    send(response, method, fault);
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    // A client that hangs up is part of the tests; a mistake of a fault shows as a broken connection.
    handle(request, response).catch(() => response.destroy());
  };
  const server =
    tls === undefined
      ? createServer(listener)
      : createTlsServer(
          {
            cert: tls.cert,
            key: tls.key,
            ...(tls.clientCa === undefined
              ? {}
              : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
          },
          listener,
        );
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    host,
    origin: `${tls === undefined ? 'http' : 'https'}://${host}`,
    storage,
    requests,
    once: (pattern, ...faults) => void single.push(...faults.map((fault) => ({ pattern, fault }))),
    always: (pattern, fault) => void lasting.push({ pattern, fault }),
    trace: () => requests.map(({ method, path }) => `${method} ${path}`),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const UNAUTHORIZED: Answer = {
  status: 401,
  headers: { 'www-authenticate': 'Basic realm="test registry"', 'content-type': 'application/json' },
  body: '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}',
};

function isAllowed(
  accounts: ScriptedRegistryOptions['accounts'],
  authorization: string | undefined,
): boolean {
  if (accounts === undefined) return true;
  const text = Buffer.from(authorization?.replace(/^basic /i, '') ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const user = text.slice(0, Math.max(0, colon));
  return colon > 0 && Object.hasOwn(accounts, user) && accounts[user] === text.slice(colon + 1);
}

function send(response: ServerResponse, method: string, { status, headers = {}, body = '' }: Answer): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    'content-length': String(bytes.length),
    ...(headers as Record<string, string | string[]>),
  });
  response.end(method === 'HEAD' ? undefined : bytes);
}
