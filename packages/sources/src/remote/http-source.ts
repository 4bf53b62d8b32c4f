// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import {
  access,
  chmod,
  constants,
  copyFile,
  mkdir,
  readFile,
  rename,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { AbortOptions, HostTree, SecretSource, Source, SourceIdentifier } from '@img-build/interfaces';
import { canonicalDigest, type Digest, digestHex, isDigest } from '@img-build/oci';
import { SourceError } from '../source-error.ts';
import { download, type KnownDownload, storeBytes } from './download.ts';
import type { NetworkOptions } from './guarded-request.ts';
import {
  fileNameOf,
  type HttpFacts,
  httpDate,
  httpFactsFrom,
  httpKey,
  requestHeaders,
} from './http-request-facts.ts';
import { withoutSecrets } from './shown-url.ts';

/** Where downloads are kept and how they are made. */
export interface HttpSourceOptions extends NetworkOptions {
  /** A private folder, kept between builds: what did not change is not downloaded again. */
  readonly folder: string;
  /** A private folder for this build's trees; whoever made it removes it. */
  readonly scratch: string;
  /** Bytes; 8 GiB by default. */
  readonly maxBytes?: number | undefined;
  /** Asked for `HTTP_AUTH_HEADER_<host>` and `HTTP_AUTH_TOKEN_<host>`. */
  readonly secrets?: SecretSource | undefined;
}

/** Downloads of one build. */
export interface HttpSource extends Source {
  /**
   * Stores bytes as what an address gives in this build: input that came another way, like an archive on stdin.
   *
   * @throws SourceError `SOURCE_TOO_LARGE`
   */
  put(url: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** `Last-Modified` of a download, in milliseconds since the Unix epoch; `undefined` when the server told none. */
  modified(source: SourceIdentifier, options?: AbortOptions): Promise<number | undefined>;
}

const DEFAULT_MAX_BYTES = 8 * 1024 ** 3;
const DEFAULT_MODE = 0o600;

/**
 * Creates the source of `http://` and `https://` identifiers: a folder with one file. Within one instance, which is for
 * one build, an address is asked once.
 *
 * @throws SourceError `SOURCE_DOWNLOAD_FAILED`, `SOURCE_REDIRECT_REFUSED`, `SOURCE_TOO_LARGE`,
 *   `SOURCE_CHECKSUM_MISMATCH`, `SOURCE_UNSUPPORTED`, when the key or the content is asked for
 */
export function createHttpSource(options: HttpSourceOptions): HttpSource {
  const fetched = new Map<string, Promise<KnownDownload>>();
  const trees = new Map<string, Promise<HostTree>>();
  /** Files that were put, by digest: of no use to another build. */
  const given = new Map<Digest, string>();

  async function fetchOnce(facts: HttpFacts, abort: AbortOptions): Promise<KnownDownload> {
    const id = requestId(facts);
    const known = fetched.get(id) ?? fetchFile(facts, id, options, abort);
    fetched.set(id, known);
    known.catch(() => fetched.delete(id));
    const got = await known;
    if (facts.checksum === undefined || facts.checksum === got.digest) return got;
    throw new SourceError(
      `digest mismatch of ${withoutSecrets(facts.url)}: got ${got.digest}, expected ${facts.checksum}`,
      { code: 'SOURCE_CHECKSUM_MISMATCH' },
    );
  }

  function placeOnce(facts: HttpFacts, got: KnownDownload): Promise<HostTree> {
    const { mode, uid, gid } = facts;
    const id = JSON.stringify([got.digest, got.modified, fileNameOf(facts, got.disposition), mode, uid, gid]);
    const known = trees.get(id) ?? placeFile(facts, got, given.get(got.digest), options);
    trees.set(id, known);
    known.catch(() => trees.delete(id));
    return known;
  }

  return {
    schemes: ['http', 'https'],
    async open(source) {
      const facts = httpFactsFrom(source);
      return {
        async cacheKey(_index, abort = {}) {
          // A checksum pins the content: the key is known without a download.
          const pinned = facts.checksum && { digest: facts.checksum };
          return { key: httpKey(facts, pinned ?? (await fetchOnce(facts, abort))), done: true };
        },
        async content(abort = {}) {
          const tree = await placeOnce(facts, await fetchOnce(facts, abort));
          return { type: 'tree', tree, description: `http url ${withoutSecrets(facts.url)}` };
        },
      };
    },
    async put(url, bytes) {
      const limit = options.maxBytes ?? DEFAULT_MAX_BYTES;
      const file = join(options.scratch, randomUUID());
      await mkdir(options.scratch, { recursive: true, mode: 0o700 });
      const digest = await storeBytes(
        bytes,
        () => file,
        (size) => {
          if (size > limit)
            throw new SourceError(`the input has more than the ${limit} bytes allowed`, {
              code: 'SOURCE_TOO_LARGE',
            });
        },
      );
      given.set(digest, file);
      fetched.set(requestId(httpFactsFrom({ identifier: url, attrs: {} })), Promise.resolve({ digest }));
    },
    async modified(source, abort = {}) {
      return httpDate((await fetchOnce(httpFactsFrom(source), abort)).modified)?.getTime();
    },
  };
}

/** What decides what a server answers. */
function requestId({ url, headers, headerSecret }: HttpFacts): string {
  return digestHex(canonicalDigest(JSON.stringify([url, headers, headerSecret])));
}

async function foldersOf({ folder }: HttpSourceOptions): Promise<{
  readonly record: (id: string) => string;
  readonly files: (digest: Digest) => string;
}> {
  await mkdir(join(folder, 'known'), { recursive: true, mode: 0o700 });
  await mkdir(join(folder, 'files'), { recursive: true, mode: 0o700 });
  return {
    record: (id) => join(folder, 'known', `${id}.json`),
    files: (digest) => join(folder, 'files', digestHex(digest)),
  };
}

async function fetchFile(
  facts: HttpFacts,
  id: string,
  options: HttpSourceOptions,
  { signal }: AbortOptions,
): Promise<KnownDownload> {
  const { record, files } = await foldersOf(options);
  const known = await readKnown(record(id), files);
  // What is pinned and here needs no server at all.
  if (known !== undefined && known.digest === facts.checksum) {
    await noteUse(files(known.digest));
    return known;
  }
  const got = await download(facts.url, {
    target: files,
    known: facts.checksum === undefined ? known : undefined,
    headers: await requestHeaders(facts, options.secrets, { signal }),
    maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
    network: options,
    signal,
  });
  const temporary = `${record(id)}.${randomUUID()}.tmp`;
  await writeFile(temporary, JSON.stringify({ ...got, url: withoutSecrets(facts.url) }), { mode: 0o600 });
  await rename(temporary, record(id));
  await noteUse(files(got.digest));
  return got;
}

/** The time of a kept file is that of its last use. */
async function noteUse(file: string): Promise<void> {
  const now = new Date();
  await utimes(file, now, now);
}

/** Nothing is known of a download whose file is gone. */
async function readKnown(
  path: string,
  files: (digest: Digest) => string,
): Promise<KnownDownload | undefined> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as KnownDownload;
    if (!isDigest(value.digest)) return undefined;
    await access(files(value.digest));
    return value;
  } catch (error) {
    if (isSystemError(error, 'ENOENT') || (error as { name?: string }).name === 'SyntaxError')
      return undefined;
    throw error;
  }
}

/** A folder of its own, so that what another build looks at does not change under it. */
async function placeFile(
  facts: HttpFacts,
  { digest, modified, disposition }: KnownDownload,
  given: string | undefined,
  options: HttpSourceOptions,
): Promise<HostTree> {
  const kept = given ?? (await foldersOf(options)).files(digest);
  const path = join(options.scratch, randomUUID());
  await mkdir(path, { recursive: true, mode: 0o755 });
  const file = join(path, fileNameOf(facts, disposition));
  try {
    await copyFile(kept, file, constants.COPYFILE_FICLONE);
    await chmod(file, facts.mode || DEFAULT_MODE);
    const time = httpDate(modified) ?? new Date(0);
    await utimes(file, time, time);
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    throw error;
  }
  const { uid, gid } = facts;
  return { type: 'host', path, rootOwned: true, ...(uid === 0 && gid === 0 ? {} : { owner: { uid, gid } }) };
}
