// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server in front of a registry that notes what it is asked. */
export interface CountingProxy {
  readonly host: string;
  /** `METHOD PATH` of every request since the last call, at its arrival. */
  takeRequests(): readonly string[];
  close(): Promise<void>;
}

/** Starts a proxy. @param target - `host:port` of the registry behind it */
export async function startCountingProxy(target: string): Promise<CountingProxy> {
  let requests: string[] = [];
  const server = createServer((incoming, outgoing) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    const forwarded = request(
      `http://${target}${incoming.url}`,
      { method: incoming.method, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    takeRequests() {
      const taken = requests;
      requests = [];
      return taken;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
