// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** One request as it reached the proxy. */
export interface ProxyPassage {
  readonly method: string;
  /** What the client asked for: `host:port` of a tunnel, or a whole address. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** Bytes from the client and to it, behind the head of a tunnel. */
  sent: number;
  received: number;
}

/** A proxy that knows where names are. */
export interface TestProxy {
  readonly address: string;
  readonly passages: readonly ProxyPassage[];
  close(): Promise<void>;
}

/**
 * Starts a proxy on a free loopback port.
 *
 * @param places - `host:port` as clients ask for it, and where that really is.
 * @param refuse - a status to answer everything with.
 */
export async function startProxy(
  places: Readonly<Record<string, string>>,
  refuse?: number,
): Promise<TestProxy> {
  const passages: ProxyPassage[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((incoming, response) => {
    const { method = '', url: target = '', headers } = incoming;
    const passage = { method, target, headers, sent: 0, received: 0 };
    passages.push(passage);
    const url = URL.canParse(target) ? new URL(target) : undefined;
    const place = url === undefined ? undefined : places[`${url.hostname}:${url.port || '80'}`];
    if (refuse !== undefined || url === undefined || place === undefined)
      return void response.writeHead(refuse ?? 502).end();
    const [hostname, port] = place.split(':');
    const outgoing = request({ hostname, port, method, path: `${url.pathname}${url.search}`, headers });
    outgoing.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('data', (chunk: Buffer) => (passage.received += chunk.byteLength));
      answer.pipe(response);
    });
    outgoing.once('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  server.on('connect', ({ method = '', url: target = '', headers }, socket: Socket) => {
    const passage = { method, target, headers, sent: 0, received: 0 };
    passages.push(passage);
    const place = places[target];
    if (refuse !== undefined || place === undefined)
      return void socket.end(`HTTP/1.1 ${refuse ?? 502} No\r\ncontent-length: 0\r\n\r\n`);
    const [hostname = '', port] = place.split(':');
    const upstream = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.on('data', (chunk: Buffer) => (passage.sent += chunk.byteLength));
      upstream.on('data', (chunk: Buffer) => (passage.received += chunk.byteLength));
      socket.pipe(upstream).pipe(socket);
    });
    for (const end of [socket, upstream]) {
      sockets.add(end);
      end.on('error', () => {
        socket.destroy();
        upstream.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    passages,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
