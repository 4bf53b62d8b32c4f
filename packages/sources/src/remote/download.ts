// SPDX-License-Identifier: MIT
import { createHash, randomUUID } from 'node:crypto';
import { copyFile, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isToolError, messageOf } from '@img-build/errors';
import type { AbortOptions } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import { SourceError } from '../source-error.ts';
import { withoutSecrets } from './shown-url.ts';

/** What came of a download. */
export type Download =
  | { readonly unchanged: true }
  | {
      readonly unchanged: false;
      readonly digest: Digest;
      readonly etag?: string | undefined;
      readonly modified?: string | undefined;
    };

/** How to download. */
export interface DownloadOptions extends AbortOptions {
  /** Where the file goes, once its digest is known. */
  readonly target: (digest: Digest) => string;
  /** Of the copy that is there already. */
  readonly etag?: string | undefined;
  readonly maxBytes: number;
  readonly fetch: typeof fetch;
}

/** Milliseconds without a byte after which a server counts as gone. */
const STALLED = 60_000;

/**
 * Downloads a URL to a file, which appears when it is complete.
 *
 * @throws SourceError `SOURCE_DOWNLOAD_FAILED`, `SOURCE_TOO_LARGE`
 */
export async function download(url: string, options: DownloadOptions): Promise<Download> {
  const { etag, signal } = options;
  const stalled = new AbortController();
  const timer = setTimeout(
    () => stalled.abort(new Error(`nothing came for ${STALLED / 1000} seconds`)),
    STALLED,
  );
  const stop = signal === undefined ? stalled.signal : AbortSignal.any([signal, stalled.signal]);
  try {
    const { plain, headers } = requestFor(url);
    if (etag !== undefined) headers['if-none-match'] = etag;
    const response = await options.fetch(plain, { headers, signal: stop });
    if (response.status === 304 && etag !== undefined) return { unchanged: true };
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new SourceError(
        `${withoutSecrets(url)}: the server answered ${response.status} ${response.statusText}`.trimEnd(),
        { code: 'SOURCE_DOWNLOAD_FAILED' },
      );
    }
    const digest = await store(response.body, url, options, () => timer.refresh());
    return {
      unchanged: false,
      digest,
      etag: response.headers.get('etag') ?? undefined,
      modified: response.headers.get('last-modified') ?? undefined,
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (isToolError(error)) throw error;
    const cause = stalled.signal.aborted
      ? stalled.signal.reason
      : ((error as { cause?: unknown }).cause ?? error);
    throw new SourceError(`${withoutSecrets(url)}: download failed: ${withoutSecrets(messageOf(cause))}`, {
      code: 'SOURCE_DOWNLOAD_FAILED',
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** User and password of a URL are sent as a header: `fetch` takes no such URL, and would tell it in its error. */
function requestFor(url: string): { readonly plain: URL; readonly headers: Record<string, string> } {
  const plain = new URL(url);
  if (plain.username === '' && plain.password === '') return { plain, headers: {} };
  const user = `${decodeURIComponent(plain.username)}:${decodeURIComponent(plain.password)}`;
  plain.username = '';
  plain.password = '';
  return { plain, headers: { authorization: `Basic ${Buffer.from(user).toString('base64')}` } };
}

async function store(
  body: ReadableStream<Uint8Array>,
  url: string,
  { target, maxBytes }: DownloadOptions,
  onBytes: () => void,
): Promise<Digest> {
  const temporary = join(dirname(target('sha256:0')), `${randomUUID()}.tmp`);
  const hash = createHash('sha256');
  const file = await open(temporary, 'wx', 0o600);
  try {
    let size = 0;
    try {
      for await (const chunk of body) {
        onBytes();
        size += chunk.byteLength;
        if (size > maxBytes)
          throw new SourceError(`${withoutSecrets(url)} has more than the ${maxBytes} bytes allowed`, {
            code: 'SOURCE_TOO_LARGE',
          });
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

/** Puts a file in place so that it is there whole or not at all. */
export async function replaceFile(
  path: string,
  content: string | { readonly copyOf: string },
): Promise<void> {
  // Beside the folder, not in it: what is in the folder is a build's input.
  const temporary = join(dirname(dirname(path)), `${randomUUID()}.tmp`);
  try {
    if (typeof content === 'string') await writeFile(temporary, content, { mode: 0o600 });
    else await copyFile(content.copyOf, temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
