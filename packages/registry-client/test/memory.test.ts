// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Digest } from '@img-build/oci';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openClient } from './support/setup.ts';

const PIECE = Buffer.alloc(1024 * 1024, 'a megabyte of a large layer; ');
const PIECES = 400;
const SIZE = PIECE.byteLength * PIECES;
/** Bytes that hundreds of megabytes may add to what the process holds anyway. */
const ROOM = 100 * 1024 * 1024;

let host: string;
let digest: Digest;
const received: { bytes: number } = { bytes: 0 };
/** Makes bytes as they are asked for, and forgets those it gets. */
const server = createServer(async (request, response) => {
  const upload = `/v2/big/blobs/uploads/1`;
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-length': SIZE });
    for (let sent = 0; sent < PIECES; sent++)
      if (!response.write(PIECE)) await new Promise((resolve) => response.once('drain', resolve));
    response.end();
  } else if (request.method === 'HEAD') response.writeHead(404).end();
  else if (request.method === 'POST') response.writeHead(202, { location: upload }).end();
  else {
    for await (const chunk of request) received.bytes += (chunk as Buffer).length;
    response.writeHead(201).end();
  }
});

beforeAll(async () => {
  const hash = createHash('sha256');
  for (let piece = 0; piece < PIECES; piece++) hash.update(PIECE);
  digest = `sha256:${hash.digest('hex')}`;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test('a large blob passes through without being held', async () => {
  const { client } = openClient();
  const reference = { domain: host, path: 'big' };
  const descriptor = { mediaType: 'application/octet-stream', digest, size: SIZE };
  const before = process.memoryUsage.rss();
  let peak = before;
  let pulled = 0;

  for await (const chunk of client.blob(reference, descriptor)) {
    pulled += chunk.byteLength;
    peak = Math.max(peak, process.memoryUsage.rss());
  }
  await client.pushBlob(
    reference,
    {
      descriptor,
      async *open(offset) {
        for (let at = offset; at < SIZE; at += PIECE.byteLength) yield PIECE;
      },
    },
    { onProgress: () => void (peak = Math.max(peak, process.memoryUsage.rss())) },
  );

  expect([pulled, received.bytes]).toEqual([SIZE, SIZE]);
  expect(peak - before).toBeLessThan(ROOM);
});
