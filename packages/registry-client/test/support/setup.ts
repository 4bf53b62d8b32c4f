// SPDX-License-Identifier: MIT

import type { BlobSource } from '@img-build/interfaces';
import {
  canonicalDigest,
  type Descriptor,
  MEDIA_TYPES,
  parseReference,
  type Reference,
} from '@img-build/oci';
import { afterEach } from '@jest/globals';
import {
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
  type RegistryEvent,
  type Timing,
} from '../../src/index.ts';
import {
  type ScriptedRegistry,
  type ScriptedRegistryOptions,
  startScriptedRegistry,
} from '../../src/testing/index.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Closes something after the current test. */
export function closeLater<Closable extends { close(): Promise<void> }>(closable: Closable): Closable {
  closing.push(async () => await closable.close());
  return closable;
}

/** A scripted registry for the current test. */
export async function openRegistry(options?: ScriptedRegistryOptions): Promise<ScriptedRegistry> {
  return closeLater(await startScriptedRegistry(options));
}

/** A clock that tests wind: sleeping costs no time but moves it on. */
export interface TestTiming extends Timing {
  readonly sleeps: readonly number[];
  advance(milliseconds: number): void;
}

/** Creates such a clock. */
export function createTestTiming(): TestTiming {
  const sleeps: number[] = [];
  let time = Date.parse('2026-01-01T00:00:00Z');
  return {
    sleeps,
    now: () => time,
    random: () => 1,
    advance: (milliseconds) => void (time += milliseconds),
    sleep: async (milliseconds, signal) => {
      signal?.throwIfAborted();
      sleeps.push(milliseconds);
      time += milliseconds;
    },
  };
}

/** A client for the current test, away from the machine's settings, with what it reported. */
export function openClient(options: RegistryClientOptions = {}): {
  readonly client: RegistryClient;
  readonly timing: TestTiming;
  readonly events: readonly RegistryEvent[];
} {
  const timing = createTestTiming();
  const events: RegistryEvent[] = [];
  const client = closeLater(
    createRegistryClient({
      environment: {},
      settingsFiles: false,
      timing,
      onEvent: (event) => events.push(event),
      ...options,
      tls: options.settingsFiles === undefined ? { certificateFolders: [], ...options.tls } : options.tls,
    }),
  );
  return { client, timing, events };
}

/** What a call rejects with. */
export async function failureOf(
  work: Promise<unknown>,
): Promise<Record<string, unknown> & { code: string; message: string; hint: string }> {
  return await work.then(
    () => ({ code: 'none', message: 'it succeeded', hint: '' }),
    (error: unknown) => error as Record<string, unknown> & { code: string; message: string; hint: string },
  );
}

/** Reads a stream to its end. */
export async function readAll(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A blob in pieces of 16 KiB. */
export function blobOf(bytes: Buffer, mediaType: string = MEDIA_TYPES.ociLayerGzip): BlobSource {
  async function* open(offset: number): AsyncGenerator<Uint8Array> {
    for (let at = offset; at < bytes.byteLength; at += 16_384) yield bytes.subarray(at, at + 16_384);
  }
  return { descriptor: { mediaType, digest: canonicalDigest(bytes), size: bytes.byteLength }, open };
}

/** An image put into a scripted registry behind the client's back. */
export interface StoredImage {
  readonly reference: Reference;
  readonly manifest: Buffer;
  readonly layer: Descriptor;
  readonly layerBytes: Buffer;
}

/** Puts `app:1` into a registry. */
export function storeImage(registry: ScriptedRegistry, size = 600_000): StoredImage {
  const repository = registry.storage.repository('app');
  const layerBytes = Buffer.alloc(size, 'some bytes of a layer, ');
  const configBytes = Buffer.from(
    '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}',
  );
  const layer = blobOf(layerBytes).descriptor;
  const config = blobOf(configBytes, MEDIA_TYPES.ociConfig).descriptor;
  repository.blobs.set(layer.digest, layerBytes).set(config.digest, configBytes);
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config, layers: [layer] }),
  );
  repository.manifests.set(canonicalDigest(manifest), {
    bytes: manifest,
    mediaType: MEDIA_TYPES.ociManifest,
  });
  repository.tags.set('1', canonicalDigest(manifest));
  return { reference: parseReference(`${registry.host}/app:1`), manifest, layer, layerBytes };
}
