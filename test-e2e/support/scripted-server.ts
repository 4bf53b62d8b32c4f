// SPDX-License-Identifier: MIT
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers a request, or returns false to leave it to the images. */
export type Script = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A loopback registry that serves fixed documents, and misbehaves where its script says so. */
export interface ScriptedServer {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  /** Served by path, like `/v2/app/manifests/1`. */
  readonly documents: Map<string, { readonly type: string; readonly bytes: Uint8Array }>;
  /** What is asked first. */
  script: Script;
  /** `METHOD path` of every request. */
  readonly requests: string[];
  stop(): Promise<void>;
}

/** Starts a server on a free port. */
export async function startScriptedServer(): Promise<ScriptedServer> {
  const documents: ScriptedServer['documents'] = new Map();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    requests.push(`${request.method} ${path}`);
    if (scripted.script(request, response)) return;
    const found = documents.get(path);
    if (path === '/v2/') response.end('{}');
    else if (found === undefined)
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"errors":[]}');
    else {
      response.writeHead(200, { 'content-type': found.type, 'content-length': found.bytes.length });
      response.end(request.method === 'HEAD' ? undefined : found.bytes);
    }
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const scripted: ScriptedServer = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    documents,
    requests,
    script: () => false,
    async stop() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      await promise;
    },
  };
  return scripted;
}
