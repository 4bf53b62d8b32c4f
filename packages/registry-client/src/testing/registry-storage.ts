// SPDX-License-Identifier: MIT
import { type Answer, failure } from './answer.ts';
import { answerReferrers, answerTags } from './listing.ts';
import { answerManifest } from './manifests.ts';
import { createRepositories, type Repositories, type StoredRepository } from './repository.ts';
import { createUploads, type UploadRequest } from './uploads.ts';

/** What an ordinary registry may differ in. */
export interface StorageOptions {
  /** Has the referrers API; yes by default. */
  readonly referrers?: boolean | undefined;
  /** Refuses manifests whose blobs or children it does not have; yes by default. */
  readonly checksReferences?: boolean | undefined;
  /** Most tags in one answer; any number by default. */
  readonly pageSize?: number | undefined;
}

type Headers = Readonly<Record<string, string | undefined>>;

/** The ordinary behaviour of a registry as a function of a request. */
export interface RegistryStorage {
  /** A repository's content, to look at and to change. */
  repository(path: string): StoredRepository;
  /** Answers a request with all of its body. */
  answer(method: string, url: URL, headers: Headers, body: Buffer): Answer;
  /** Takes the body of an upload as it arrives, so that a broken request leaves what it brought; else `undefined`. */
  receive(method: string, url: URL, headers: Headers): Answer | ((chunk: Buffer) => void) | undefined;
  /** Answers a request whose body {@link receive} took. */
  finish(method: string, url: URL, headers: Headers): Answer;
}

/** An empty registry in memory. @see distribution-spec v1.1.1 */
export function createRegistryStorage(options: StorageOptions = {}): RegistryStorage {
  const { referrers = true, checksReferences = true, pageSize } = options;
  const repositories = createRepositories();
  const uploads = createUploads(repositories);

  const answerOther = (method: string, url: URL, headers: Headers, body: Buffer): Answer => {
    if (url.pathname === '/v2/' || url.pathname === '/v2')
      return { status: 200, body: '{}', headers: { 'content-type': 'application/json' } };
    const { path, kind, name } = routeOf(url);
    switch (kind) {
      case 'blobs':
        return answerBlob(repositories, { method, path, digest: name, range: headers['range'] });
      case 'manifests': {
        const mediaType = (headers['content-type'] ?? '').split(';', 1)[0]?.trim() ?? '';
        return answerManifest(
          repositories,
          { method, path, name, mediaType, body },
          { referrers, checksReferences },
        );
      }
      case 'tags':
        return answerTags(repositories.get(path), path, url, pageSize);
      case 'referrers':
        return referrers
          ? answerReferrers(repositories.get(path), name, url.searchParams.get('artifactType'))
          : { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' };
      default:
        return failure(404, 'UNSUPPORTED');
    }
  };

  return {
    repository: (path) => repositories.open(path),
    receive(method, url, headers) {
      const request = uploadRequest(method, url, headers);
      const takesBody = ['POST', 'PATCH', 'PUT'].includes(method);
      return request === undefined || !takesBody ? undefined : uploads.receive(request);
    },
    finish(method, url, headers) {
      const request = uploadRequest(method, url, headers);
      return request === undefined
        ? answerOther(method, url, headers, Buffer.alloc(0))
        : uploads.answer(request);
    },
    answer(method, url, headers, body) {
      const taken = this.receive(method, url, headers);
      if (typeof taken === 'object') return taken;
      if (taken === undefined && uploadRequest(method, url, headers) === undefined)
        return answerOther(method, url, headers, body);
      taken?.(body);
      return this.finish(method, url, headers);
    },
  };
}

/** @see distribution-spec v1.1.1, "Pulling manifests", the grammar of `<name>` */
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

function routeOf(url: URL): { readonly path: string; readonly kind: string; readonly name: string } {
  const [, path = '', kind = '', name = ''] =
    /^\/v2\/(.+?)\/(blobs\/uploads|blobs|manifests|tags|referrers)(?:\/([^/]*))?$/.exec(
      decodeURI(url.pathname),
    ) ?? [];
  return NAME.test(path) ? { path, kind, name } : { path: '', kind: '', name: '' };
}

function uploadRequest(method: string, url: URL, headers: Headers): UploadRequest | undefined {
  const { path, kind, name } = routeOf(url);
  return kind === 'blobs/uploads' ? { method, path, id: name, url, headers } : undefined;
}

function answerBlob(
  repositories: Repositories,
  wanted: {
    readonly method: string;
    readonly path: string;
    readonly digest: string;
    readonly range: string | undefined;
  },
): Answer {
  const blobs = repositories.get(wanted.path)?.blobs;
  const bytes = blobs?.get(wanted.digest);
  if (bytes === undefined) return failure(404, 'BLOB_UNKNOWN');
  if (wanted.method === 'DELETE') return { status: blobs?.delete(wanted.digest) === true ? 202 : 404 };
  const headers = { 'content-type': 'application/octet-stream', 'docker-content-digest': wanted.digest };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(wanted.range ?? '') ?? [];
  if (from === undefined || wanted.method === 'HEAD') return { status: 200, headers, body: bytes };
  const start = Number(from);
  if (start >= bytes.length) return { status: 416, headers: { 'content-range': `bytes */${bytes.length}` } };
  const end = Math.min(to === '' || to === undefined ? bytes.length - 1 : Number(to), bytes.length - 1);
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end}/${bytes.length}` },
    body: bytes.subarray(start, end + 1),
  };
}
