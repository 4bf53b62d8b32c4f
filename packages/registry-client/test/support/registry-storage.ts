// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';

/** What a test registry keeps for one repository. */
export interface StoredRepository {
  readonly blobs: Map<string, Buffer>;
  readonly manifests: Map<string, { readonly bytes: Buffer; readonly mediaType: string }>;
  readonly tags: Map<string, string>;
}

/** A request, or the part of an answer that can be said in one value. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  readonly body?: Buffer | string | undefined;
}

/** The ordinary behaviour of a registry as a function of a request. */
export interface RegistryStorage {
  repository(path: string): StoredRepository;
  answer(
    method: string,
    url: URL,
    headers: Readonly<Record<string, string | undefined>>,
    body: Buffer,
  ): Answer;
}

/** An empty registry in memory. @see distribution-spec v1.1.1 */
export function createRegistryStorage(): RegistryStorage {
  const repositories = new Map<string, StoredRepository>();
  const uploads = new Set<string>();
  const repository = (path: string): StoredRepository => {
    const known = repositories.get(path) ?? { blobs: new Map(), manifests: new Map(), tags: new Map() };
    repositories.set(path, known);
    return known;
  };

  const upload = (method: string, path: string, id: string, url: URL, body: Buffer): Answer => {
    if (method === 'POST') {
      const from = url.searchParams.get('from');
      const mount = url.searchParams.get('mount') ?? '';
      const bytes = from === null ? undefined : repositories.get(from)?.blobs.get(mount);
      if (bytes !== undefined) {
        repository(path).blobs.set(mount, bytes);
        return { status: 201, headers: { location: `/v2/${path}/blobs/${mount}` } };
      }
      const session = `u${uploads.size + 1}`;
      uploads.add(session);
      return { status: 202, headers: { location: `/v2/${path}/blobs/uploads/${session}?_state=a%2Bb%3D` } };
    }
    if (!uploads.has(id)) return failure(404, 'BLOB_UPLOAD_UNKNOWN');
    if (method === 'DELETE') return { status: uploads.delete(id) ? 204 : 404 };
    const digest = url.searchParams.get('digest') ?? '';
    if (sha256(body) !== digest) return failure(400, 'DIGEST_INVALID');
    uploads.delete(id);
    repository(path).blobs.set(digest, body);
    return { status: 201, headers: { 'docker-content-digest': digest } };
  };

  const blob = (path: string, digest: string, range: string | undefined): Answer => {
    const bytes = repositories.get(path)?.blobs.get(digest);
    if (bytes === undefined) return failure(404, 'BLOB_UNKNOWN');
    const headers = { 'content-type': 'application/octet-stream', 'docker-content-digest': digest };
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    if (start === 0) return { status: 200, headers, body: bytes };
    return {
      status: 206,
      headers: { ...headers, 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` },
      body: bytes.subarray(start),
    };
  };

  const manifest = (method: string, path: string, name: string, mediaType: string, body: Buffer): Answer => {
    const { manifests, tags } = repository(path);
    if (method === 'PUT') {
      const digest = sha256(body);
      manifests.set(digest, { bytes: body, mediaType });
      if (!name.includes(':')) tags.set(name, digest);
      return { status: 201, headers: { 'docker-content-digest': digest } };
    }
    const digest = tags.get(name) ?? name;
    const found = manifests.get(digest);
    if (found === undefined) return failure(404, 'MANIFEST_UNKNOWN');
    return {
      status: 200,
      headers: { 'content-type': found.mediaType, 'docker-content-digest': digest },
      body: found.bytes,
    };
  };

  return {
    repository,
    answer(method, url, headers, body) {
      if (url.pathname === '/v2/')
        return { status: 200, body: '{}', headers: { 'content-type': 'application/json' } };
      const [, path = '', kind, name = ''] =
        /^\/v2\/(.+)\/(blobs\/uploads|blobs|manifests|tags|referrers)\/(.*)$/.exec(url.pathname) ?? [];
      switch (kind) {
        case 'blobs/uploads':
          return upload(method, path, name, url, body);
        case 'blobs':
          return blob(path, name, headers['range']);
        case 'manifests':
          return manifest(method, path, name, headers['content-type'] ?? '', body);
        case 'tags':
          return {
            status: 200,
            body: JSON.stringify({ name: path, tags: [...repository(path).tags.keys()] }),
            headers: { 'content-type': 'application/json' },
          };
        default:
          return failure(404, 'UNSUPPORTED');
      }
    },
  };
}

/** An error as registries word it. */
export function failure(status: number, code: string, message = code.toLowerCase()): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ errors: [{ code, message }] }),
  };
}

/** The digest of bytes. */
export function sha256(bytes: Buffer | string): `sha256:${string}` {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
