// SPDX-License-Identifier: MIT
import { createHash, randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { isToolError, messageOf } from '@img-build/errors';
import type { AbortOptions } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import { SourceError } from '../source-error.ts';
import { DEFAULT_STALLED, guardedRequest, type NetworkOptions } from './guarded-request.ts';
import { withoutSecrets } from './shown-url.ts';

/** What is known of an address from its last download. */
export interface KnownDownload {
  readonly digest: Digest;
  readonly etag?: string | undefined;
  /** `Last-Modified`, as the server wrote it. */
  readonly modified?: string | undefined;
  /** The name the server gives the file, when the address was not told one. */
  readonly disposition?: string | undefined;
}

/** How to download. */
export interface DownloadOptions extends AbortOptions {
  /** Where the file goes, once its digest is known. */
  readonly target: (digest: Digest) => string;
  /** Of the copy that is there already. */
  readonly known?: KnownDownload | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxBytes: number;
  readonly network: NetworkOptions;
}

/**
 * Downloads an address to a file, which appears when it is complete; returns what is known when the server says that
 * nothing changed.
 *
 * @throws SourceError `SOURCE_DOWNLOAD_FAILED`, `SOURCE_REDIRECT_REFUSED`, `SOURCE_TOO_LARGE`
 */
export async function download(address: string, options: DownloadOptions): Promise<KnownDownload> {
  const { known, signal, network } = options;
  const stalledAfter = network.stalled ?? DEFAULT_STALLED;
  const stalled = new AbortController();
  const timer = setTimeout(
    () => stalled.abort(new Error(`the server sent nothing for ${stalledAfter / 1000} seconds`)),
    stalledAfter,
  );
  const stop = signal === undefined ? stalled.signal : AbortSignal.any([signal, stalled.signal]);
  try {
    const { url, headers } = requestFor(address, options.headers);
    const ask = { headers, signal: stop };
    if (known !== undefined && (await isUnchanged(url, known, ask, network))) return known;
    timer.refresh();
    const { message } = await guardedRequest(
      url,
      { ...ask, headers: { ...headers, ...conditions(known) } },
      network,
    );
    if (message.statusCode === 304 && known !== undefined) {
      message.destroy();
      return known;
    }
    if (message.statusCode !== 200) {
      message.destroy();
      throw failed(
        `${withoutSecrets(address)}: the server answered ${message.statusCode} ${message.statusMessage ?? ''}`.trimEnd(),
      );
    }
    const digest = await store(message, address, options, () => timer.refresh());
    return {
      digest,
      etag: message.headers.etag,
      modified: message.headers['last-modified'],
      disposition: message.headers['content-disposition'],
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (isToolError(error)) throw error;
    const cause = stalled.signal.aborted ? stalled.signal.reason : error;
    throw failed(`${withoutSecrets(address)}: download failed: ${withoutSecrets(messageOf(cause))}`, error);
  } finally {
    clearTimeout(timer);
  }
}

function failed(message: string, cause?: unknown): SourceError {
  return new SourceError(message, { code: 'SOURCE_DOWNLOAD_FAILED', cause });
}

/**
 * Some servers send an ETag but do not heed the one they are sent, so it is compared here first.
 *
 * @see BuildKit, source/http, resolveMetadataRef
 */
async function isUnchanged(
  url: URL,
  { etag }: KnownDownload,
  ask: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
  network: NetworkOptions,
): Promise<boolean> {
  if (etag === undefined) return false;
  const headers = { ...ask.headers, 'if-none-match': etag };
  const { message } = await guardedRequest(url, { ...ask, headers, method: 'HEAD' }, network);
  message.destroy();
  const { statusCode, headers: answer } = message;
  return statusCode === 304
    ? sameTag(answer.etag ?? etag, etag)
    : statusCode === 200 && sameTag(answer.etag, etag);
}

function sameTag(one: string | undefined, other: string): boolean {
  return one?.replace(/^W\//, '') === other.replace(/^W\//, '');
}

function conditions(known: KnownDownload | undefined): Record<string, string> {
  if (known?.etag !== undefined) return { 'if-none-match': known.etag };
  return known?.modified === undefined ? {} : { 'if-modified-since': known.modified };
}

/** User and password of an address are sent as a header: no error may show them. */
function requestFor(
  address: string,
  headers: Readonly<Record<string, string>>,
): { readonly url: URL; readonly headers: Readonly<Record<string, string>> } {
  if (!URL.canParse(address))
    throw new SourceError(`${JSON.stringify(withoutSecrets(address))} is not an address`, {
      code: 'SOURCE_IDENTIFIER_INVALID',
    });
  const url = new URL(address);
  if (url.username === '' && url.password === '') return { url, headers };
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return { url, headers: { authorization: `Basic ${Buffer.from(user).toString('base64')}`, ...headers } };
}

async function store(
  message: IncomingMessage,
  address: string,
  { target, maxBytes }: DownloadOptions,
  onBytes: () => void,
): Promise<Digest> {
  const limit = (size: number): void => {
    if (size > maxBytes)
      throw new SourceError(`${withoutSecrets(address)} has more than the ${maxBytes} bytes allowed`, {
        code: 'SOURCE_TOO_LARGE',
      });
  };
  limit(Number(message.headers['content-length'] ?? 0));
  try {
    return await storeBytes(message as AsyncIterable<Uint8Array>, target, (size) => {
      onBytes();
      limit(size);
    });
  } finally {
    message.destroy();
  }
}

/**
 * Writes bytes to the file that is named after their digest.
 *
 * @param onSize - told how many bytes there are so far; may throw.
 */
export async function storeBytes(
  bytes: AsyncIterable<Uint8Array>,
  target: (digest: Digest) => string,
  onSize: (size: number) => void,
): Promise<Digest> {
  const temporary = join(dirname(target('sha256:0')), `${randomUUID()}.tmp`);
  const hash = createHash('sha256');
  const file = await open(temporary, 'wx', 0o600);
  try {
    let size = 0;
    try {
      for await (const chunk of bytes) {
        size += chunk.byteLength;
        onSize(size);
        hash.update(chunk);
        await file.appendFile(chunk);
      }
    } finally {
      await file.close();
    }
    const digest: Digest = `sha256:${hash.digest('hex')}`;
    await rename(temporary, target(digest));
    return digest;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
