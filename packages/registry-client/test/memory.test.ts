// SPDX-License-Identifier: MIT
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createYoungGarbage } from '../src/transfer/young-garbage.ts';

const PIECE = Buffer.alloc(1024 * 1024, 'a megabyte of a large layer; ');
const [SMALL, LARGE] = [4, 400];
/** Bytes that a hundred times the blob may need more. */
const ROOM = 100 * 1024 * 1024;

let host: string;
/** Makes bytes as they are asked for, and forgets those it gets. */
const server = createServer((request, response) => void answer(request, response));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const megabytes = Number(/blob\/(\d+)/.exec(request.url ?? '')?.[1]);
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-length': megabytes * PIECE.byteLength });
    for (let sent = 0; sent < megabytes; sent++)
      if (!response.write(PIECE)) await new Promise((resolve) => response.once('drain', resolve));
    response.end();
  } else if (request.method === 'HEAD') response.writeHead(404).end();
  else if (request.method === 'POST')
    response.writeHead(202, { location: `/v2/blob/${megabytes}/blobs/uploads/1` }).end();
  else {
    let received = 0;
    for await (const chunk of request) received += (chunk as Buffer).length;
    response.writeHead(received === megabytes * PIECE.byteLength ? 201 : 400).end();
  }
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Most memory of a process that pulls and pushes a blob. */
async function peakOf(megabytes: number): Promise<number> {
  const hash = createHash('sha256');
  for (let piece = 0; piece < megabytes; piece++) hash.update(PIECE);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--expose-gc',
      '--conditions=@img-build/source',
      join(import.meta.dirname, 'fixtures/large-transfer.ts'),
      host,
      String(megabytes),
      `sha256:${hash.digest('hex')}`,
    ],
    { env: { PATH: process.env['PATH'] } },
  );
  const { pulled, outcome, peak } = JSON.parse(stdout) as { pulled: number; outcome: string; peak: number };
  expect([pulled, outcome]).toEqual([megabytes * PIECE.byteLength, 'uploaded']);
  return peak;
}

test('a large blob needs hardly more memory than a small one', async () => {
  const small = await peakOf(SMALL);
  expect((await peakOf(LARGE)) - small).toBeLessThan(ROOM);
});

test('what passed through is collected every 8 MiB, where the program lets it', () => {
  let collected = 0;
  const passed = createYoungGarbage(() => ++collected);
  for (let megabyte = 0; megabyte < 100; megabyte++) passed(1024 * 1024);

  expect(collected).toBe(12);
});
