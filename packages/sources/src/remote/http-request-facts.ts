// SPDX-License-Identifier: MIT
import type { AbortOptions, SecretSource, SourceIdentifier } from '@img-build/interfaces';
import { canonicalDigest, type Digest, goJson, isDigest } from '@img-build/oci';
import { SourceError } from '../source-error.ts';
import type { KnownDownload } from './download.ts';
import { withoutSecrets } from './shown-url.ts';

/** What an http identifier asks for. */
export interface HttpFacts {
  readonly url: string;
  /** Name of the file, when it was given one. */
  readonly name: string | undefined;
  /** Permission bits; 0 when none were given. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly checksum: Digest | undefined;
  /** Id of the secret with the Authorization header. */
  readonly headerSecret: string | undefined;
  /** Headers that a build may set, by canonical name, sorted. */
  readonly headers: readonly { readonly Name: string; readonly Value: string }[];
}

const CANONICAL_HEADERS: Readonly<Record<string, string>> = { accept: 'Accept', 'user-agent': 'User-Agent' };
const HEADER = 'http.header.';

/** Reads an http identifier and its attributes. @throws SourceError `SOURCE_UNSUPPORTED`, `SOURCE_IDENTIFIER_INVALID` */
export function httpFactsFrom({ identifier, attrs }: SourceIdentifier): HttpFacts {
  const checksum = attrs['http.checksum'];
  if (checksum !== undefined && !(isDigest(checksum) && checksum.startsWith('sha256:'))) {
    throw new SourceError(`unsupported checksum ${JSON.stringify(checksum)}: only sha256 is supported`, {
      code: 'SOURCE_UNSUPPORTED',
    });
  }
  const headers = Object.entries(attrs).flatMap(([key, Value]) => {
    const Name = key.startsWith(HEADER)
      ? CANONICAL_HEADERS[key.slice(HEADER.length).toLowerCase()]
      : undefined;
    return Name === undefined ? [] : [{ Name, Value }];
  });
  return {
    url: identifier,
    name: attrs['http.filename'] || undefined,
    mode: integer(attrs, 'http.perm'),
    uid: integer(attrs, 'http.uid'),
    gid: integer(attrs, 'http.gid'),
    checksum: checksum as Digest | undefined,
    headerSecret: attrs['http.authheadersecret'] || undefined,
    headers: headers.sort((a, b) => (a.Name < b.Name ? -1 : 1)),
  };
}

/** A number as Go's `strconv.ParseInt(text, 0, 64)` reads it. */
function integer(attrs: Readonly<Record<string, string>>, key: string): number {
  const text = attrs[key] ?? '0';
  const octal = /^0[oO]?([0-7]+)$/.exec(text)?.[1];
  const value = octal === undefined ? Number(text) : Number.parseInt(octal, 8);
  if (text !== '' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new SourceError(`the attribute ${key} is no number: ${JSON.stringify(text)}`, {
    code: 'SOURCE_IDENTIFIER_INVALID',
  });
}

/**
 * The key of a download. A checksum that pins it leaves the time out, which is not known without asking the server.
 *
 * @see BuildKit, source/http, formatCacheKey
 */
export function httpKey(
  facts: HttpFacts,
  download: Pick<KnownDownload, 'digest' | 'modified' | 'disposition'>,
): string {
  const { mode, uid, gid, headerSecret, headers } = facts;
  return canonicalDigest(
    goJson({
      Filename: fileNameOf(facts, download.disposition),
      Perm: mode,
      UID: uid,
      GID: gid,
      Checksum: download.digest,
      LastModTime: httpDate(download.modified)?.toUTCString(),
      AuthHeaderSecret: headerSecret,
      Header: headers.length === 0 ? undefined : headers,
    }),
  );
}

/** A date of http; `undefined` for none or an invalid one. */
export function httpDate(text: string | undefined): Date | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time);
}

/** What the file is called: as asked, as the server says, as the address ends. @see BuildKit, source/http, getFileName */
export function fileNameOf({ name, url }: HttpFacts, disposition?: string): string {
  if (name !== undefined) return oneComponent(name);
  const offered = /;\s*filename\s*=\s*(?:"([^"]*)"|([^;\s]+))/i.exec(disposition ?? '');
  const last = URL.canParse(url) ? (decoded(new URL(url).pathname).split('/').findLast(Boolean) ?? '') : '';
  return oneComponent((offered?.[1] ?? offered?.[2] ?? '') || last || 'download');
}

/** A name can be anything the server's owner likes, but it stays one component. */
function oneComponent(name: string): string {
  const last = name.replaceAll('\0', '').split('/').at(-1) ?? '';
  return last === '' || last === '.' || last === '..' ? 'download' : last;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/**
 * The headers of a request, with the user's secret for that host: `HTTP_AUTH_HEADER_<host>` is all of the Authorization
 * header, `HTTP_AUTH_TOKEN_<host>` a bearer token.
 *
 * @throws SourceError `SOURCE_DOWNLOAD_FAILED` when the secret that was asked for by name is missing
 */
export async function requestHeaders(
  { url, headers, headerSecret }: HttpFacts,
  secrets: SecretSource | undefined,
  abort: AbortOptions,
): Promise<Readonly<Record<string, string>>> {
  const made = Object.fromEntries(headers.map(({ Name, Value }) => [Name.toLowerCase(), Value]));
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  const ids =
    headerSecret === undefined ? [`HTTP_AUTH_HEADER_${host}`, `HTTP_AUTH_TOKEN_${host}`] : [headerSecret];
  for (const id of ids) {
    const secret = await secrets?.secret(id, abort);
    if (secret === undefined) continue;
    const value = Buffer.from(secret).toString('utf8').trim();
    made['authorization'] = id.startsWith('HTTP_AUTH_TOKEN_') ? `Bearer ${value}` : value;
  }
  if (headerSecret === undefined || made['authorization'] !== undefined) return made;
  throw new SourceError(`${withoutSecrets(url)}: secret ${headerSecret} not found`, {
    code: 'SOURCE_DOWNLOAD_FAILED',
  });
}
