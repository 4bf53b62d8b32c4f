// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Bytes of bodies that went each way. */
export interface BodyBytes {
  /** To the registry. */
  readonly up: number;
  /** From the registry. */
  readonly down: number;
}

/** A server in front of a registry that notes what it is asked. */
export interface CountingProxy {
  readonly host: string;
  /** `METHOD PATH` of every request since the last call, at its arrival. */
  takeRequests(): readonly string[];
  /** Bytes since the last call. */
  takeBytes(): BodyBytes;
  /** Called with the bytes since {@link takeBytes} whenever some more have passed; `hold` lets no more of that body pass. */
  onBytes: (bytes: BodyBytes) => 'hold' | void;
  close(): Promise<void>;
}

/** How a proxy behaves. */
export interface CountingProxyOptions {
  /** Passes a request on when all of it is there, as nginx does unless told otherwise; a broken one never arrives. */
  readonly buffers?: boolean | undefined;
}

/** Starts a proxy. @param target - `host:port` of the registry behind it */
export async function startCountingProxy(
  target: string,
  { buffers = false }: CountingProxyOptions = {},
): Promise<CountingProxy> {
  let requests: string[] = [];
  let bytes = { up: 0, down: 0 };
  const count = (from: IncomingMessage, way: 'up' | 'down'): void => {
    from.on('data', (chunk: Buffer) => {
      bytes[way] += chunk.length;
      if (proxy.onBytes(bytes) === 'hold') from.unpipe().pause();
    });
  };
  const server = createServer((incoming, outgoing) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    const forwarded = request(
      `http://${target}${incoming.url}`,
      { method: incoming.method, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        count(answer, 'down');
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    // A client that died takes its request along: the registry sees it break off.
    outgoing.on('close', () => forwarded.destroy());
    count(incoming, 'up');
    if (!buffers) return void incoming.pipe(forwarded);
    const body: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => body.push(chunk));
    incoming.on('end', () => forwarded.end(Buffer.concat(body)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: CountingProxy = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    takeRequests() {
      const taken = requests;
      requests = [];
      return taken;
    },
    takeBytes() {
      const taken = bytes;
      bytes = { up: 0, down: 0 };
      return taken;
    },
    onBytes: () => {},
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
