// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A proxy that mistreats connections, the same way for the same seed. */
export interface ChaosProxy {
  readonly host: string;
  /** What was done, by kind. */
  readonly done: Readonly<Record<Mischief, number>>;
  close(): Promise<void>;
}

/** What can happen to a connection. */
export type Mischief = 'none' | 'reset' | 'truncate' | 'corrupt' | 'delay';

/** Numbers from 0 to 1 that look like chance. @see mulberry32 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Starts a proxy. @param target - `host:port` of the server behind it */
export async function startChaosProxy(target: string, random: () => number): Promise<ChaosProxy> {
  const done: Record<Mischief, number> = { none: 0, reset: 0, truncate: 0, corrupt: 0, delay: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(target.split(':')[1]), '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    near.on('close', () => far.destroy());
    far.on('close', () => near.end());
    mistreat(near, far, random, done);
    mistreat(far, near, random, done);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    done,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Passes bytes on until something happens to them, somewhere. */
function mistreat(from: Socket, to: Socket, random: () => number, done: Record<Mischief, number>): void {
  const next = (): { kind: Mischief; after: number } => {
    const chance = random();
    const kind: Mischief =
      chance < 0.6
        ? 'none'
        : chance < 0.7
          ? 'reset'
          : chance < 0.8
            ? 'truncate'
            : chance < 0.9
              ? 'corrupt'
              : 'delay';
    return { kind, after: Math.floor(random() ** 3 * 40_000) };
  };
  let plan = next();
  let passed = 0;
  from.on('data', (chunk: Buffer) => {
    const at = plan.after - passed;
    passed += chunk.length;
    if (plan.kind === 'none' || at >= chunk.length || at < 0) return void to.write(chunk);
    done[plan.kind] += 1;
    switch (plan.kind) {
      case 'reset':
        to.write(chunk.subarray(0, at), () => to.resetAndDestroy());
        return;
      case 'truncate':
        to.end(chunk.subarray(0, at));
        return;
      case 'corrupt':
        chunk[at] = (chunk[at] ?? 0) ^ (1 << Math.floor(random() * 8));
        to.write(chunk);
        break;
      case 'delay':
        from.pause();
        to.write(chunk.subarray(0, at));
        setTimeout(() => {
          to.write(chunk.subarray(at));
          from.resume();
        }, 5);
    }
    plan = next();
    passed = 0;
  });
}
