// SPDX-License-Identifier: MIT
import { chmod, mkdir, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { AbortOptions, Source, SourceIdentifier } from '@img-build/interfaces';
import { canonicalDigest, type Digest, digestHex, isDigest } from '@img-build/oci';
import { goJson } from '../image/image-keys.ts';
import { SourceError } from '../source-error.ts';
import { type Download, download, replaceFile } from './download.ts';
import { withoutSecrets } from './shown-url.ts';

/** Where downloads are kept and how large they may be. */
export interface HttpSourceOptions {
  /** A private folder, kept between builds: a URL that did not change is not downloaded again. */
  readonly folder: string;
  /** Bytes; 8 GiB by default. */
  readonly maxBytes?: number | undefined;
  readonly fetch?: typeof fetch | undefined;
}

/** What is known of a URL from its last download. */
interface KnownDownload {
  readonly digest: Digest;
  readonly etag?: string | undefined;
  readonly modified?: string | undefined;
}

interface FileFacts {
  readonly url: string;
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly checksum: Digest | undefined;
}

const DEFAULT_MAX_BYTES = 8 * 1024 ** 3;
const DEFAULT_MODE = 0o600;
const UNNAMED = '__unnamed__';

/**
 * Creates the source of `http://` and `https://` identifiers: a folder with one file.
 *
 * @throws SourceError `SOURCE_DOWNLOAD_FAILED`, `SOURCE_TOO_LARGE`, `SOURCE_CHECKSUM_MISMATCH`, `SOURCE_UNSUPPORTED`, when
 *   the key or the content is asked for
 */
export function createHttpSource(options: HttpSourceOptions): Source {
  return {
    schemes: ['http', 'https'],
    async open(source) {
      const facts = factsOf(source);
      let started: Promise<KnownDownload> | undefined;
      const fetched = (abort: AbortOptions): Promise<KnownDownload> => {
        started ??= fetchFile(facts, options, abort);
        return started;
      };
      return {
        async cacheKey(_index, abort = {}) {
          // A checksum pins the content: the key is known without a download.
          if (facts.checksum !== undefined) return { key: keyOf(facts, facts.checksum), done: true };
          const { digest, modified } = await fetched(abort);
          return { key: keyOf(facts, digest, modified), done: true };
        },
        async content(abort = {}) {
          const { digest, modified } = await fetched(abort);
          const path = await placeFile(facts, options.folder, digest, modified);
          return {
            type: 'tree',
            tree: { type: 'host', path, rootOwned: true },
            description: `http url ${withoutSecrets(facts.url)}`,
          };
        },
      };
    },
  };
}

function factsOf({ identifier, attrs }: SourceIdentifier): FileFacts {
  const checksum = attrs['http.checksum'];
  if (checksum !== undefined && !(isDigest(checksum) && checksum.startsWith('sha256:'))) {
    throw new SourceError(`unsupported checksum ${JSON.stringify(checksum)}: only sha256 is supported`, {
      code: 'SOURCE_UNSUPPORTED',
    });
  }
  return {
    url: identifier,
    name: fileName(attrs['http.filename'] ?? lastPart(identifier)),
    mode: Number.parseInt(attrs['http.perm'] ?? '0', 8) || DEFAULT_MODE,
    uid: Number(attrs['http.uid'] ?? 0),
    gid: Number(attrs['http.gid'] ?? 0),
    checksum: checksum as Digest | undefined,
  };
}

function lastPart(url: string): string {
  try {
    return decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? '');
  } catch {
    return '';
  }
}

/** A name can be anything the server's owner likes, but it stays one component. */
function fileName(name: string): string {
  const last = name.replaceAll('\0', '').split('/').at(-1) ?? '';
  return last === '' || last === '.' || last === '..' ? UNNAMED : last;
}

/** @see BuildKit, source/http, formatCacheKey */
function keyOf({ name, mode, uid, gid }: FileFacts, checksum: Digest, modified?: string): string {
  return canonicalDigest(
    goJson({ Filename: name, Perm: mode, UID: uid, GID: gid, Checksum: checksum, LastModTime: modified }),
  );
}

async function fetchFile(
  facts: FileFacts,
  options: HttpSourceOptions,
  { signal }: AbortOptions,
): Promise<KnownDownload> {
  const { folder } = options;
  const record = join(folder, 'known', `${digestHex(canonicalDigest(facts.url))}.json`);
  await mkdir(join(folder, 'known'), { recursive: true, mode: 0o700 });
  await mkdir(join(folder, 'files'), { recursive: true, mode: 0o700 });
  const known = await readKnown(record);
  const isKept = known !== undefined && (facts.checksum === undefined || facts.checksum === known.digest);
  const got: Download = await download(facts.url, {
    target: (digest) => join(folder, 'files', digestHex(digest)),
    etag: isKept ? known.etag : undefined,
    maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
    fetch: options.fetch ?? fetch,
    signal,
  });
  if (got.unchanged) {
    if (known === undefined)
      throw new SourceError(`${withoutSecrets(facts.url)}: not modified, but it was never downloaded`, {
        code: 'SOURCE_DOWNLOAD_FAILED',
      });
    return known;
  }
  if (facts.checksum !== undefined && facts.checksum !== got.digest) {
    throw new SourceError(
      `digest mismatch of ${withoutSecrets(facts.url)}: got ${got.digest}, expected ${facts.checksum}`,
      { code: 'SOURCE_CHECKSUM_MISMATCH' },
    );
  }
  const { unchanged: _, ...next } = got;
  await replaceFile(record, JSON.stringify(next));
  return next;
}

async function readKnown(path: string): Promise<KnownDownload | undefined> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as KnownDownload;
    return isDigest(value.digest) ? value : undefined;
  } catch (error) {
    if (isSystemError(error, 'ENOENT') || (error as { name?: string }).name === 'SyntaxError')
      return undefined;
    throw error;
  }
}

/** A folder of its own per name and mode, so that what another build looks at does not change under it. */
async function placeFile(
  { name, mode }: FileFacts,
  folder: string,
  digest: Digest,
  modified: string | undefined,
): Promise<string> {
  const place = join(
    folder,
    'trees',
    digestHex(canonicalDigest(JSON.stringify([digest, name, mode, modified]))),
  );
  await mkdir(place, { recursive: true, mode: 0o755 });
  const file = join(place, name);
  await replaceFile(file, { copyOf: join(folder, 'files', digestHex(digest)) });
  await chmod(file, mode);
  const time = modified === undefined ? 0 : Date.parse(modified) / 1000;
  await utimes(file, time || 0, time || 0);
  return place;
}
