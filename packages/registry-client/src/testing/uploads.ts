// SPDX-License-Identifier: MIT
import { type Answer, digestLike, failure } from './answer.ts';
import type { Repositories } from './repository.ts';

/** A request about an upload. */
export interface UploadRequest {
  readonly method: string;
  readonly path: string;
  /** The session's name; empty when none has been opened. */
  readonly id: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Upload sessions. What arrived of a request that broke off is kept, and its length told to who asks. */
export interface Uploads {
  /** Refuses a request at its headers, or takes its body piece by piece. */
  receive(request: UploadRequest): Answer | ((chunk: Buffer) => void);
  /** Answers a request whose body was taken. */
  answer(request: UploadRequest): Answer;
}

interface Session {
  readonly path: string;
  readonly pieces: Buffer[];
  size: number;
}

/** No uploads yet. @see distribution-spec v1.1.1, "Pushing Blobs" */
export function createUploads(repositories: Repositories): Uploads {
  const sessions = new Map<string, Session>();
  /** Bodies of POST requests that bring a blob along. */
  const whole = new WeakMap<URL, Session>();
  let opened = 0;

  const sessionOf = ({ path, id }: UploadRequest): Session | undefined => {
    const session = sessions.get(id);
    return session?.path === path ? session : undefined;
  };

  const open = ({ path, url }: UploadRequest): Answer => {
    const mount = url.searchParams.get('mount') ?? '';
    const bytes = repositories.get(url.searchParams.get('from') ?? '')?.blobs.get(mount);
    if (bytes !== undefined) {
      repositories.open(path).blobs.set(mount, bytes);
      return created(path, mount);
    }
    const digest = url.searchParams.get('digest');
    if (digest !== null) return commit(path, whole.get(url), digest);
    const id = `u${++opened}`;
    sessions.set(id, { path, pieces: [], size: 0 });
    return { status: 202, headers: { ...placeOf(path, id), 'oci-chunk-min-length': '1' } };
  };

  const commit = (path: string, session: Session | undefined, digest: string): Answer => {
    const pieces = session?.pieces ?? [];
    if (digestLike(digest, pieces) !== digest) return failure(400, 'DIGEST_INVALID');
    repositories.open(path).blobs.set(digest, Buffer.concat(pieces));
    return created(path, digest);
  };

  return {
    receive(request) {
      const { method, url, headers } = request;
      const session = method === 'POST' ? { path: request.path, pieces: [], size: 0 } : sessionOf(request);
      if (session === undefined) return failure(404, 'BLOB_UPLOAD_UNKNOWN');
      if (method === 'POST') whole.set(url, session);
      const start = /^(\d+)-\d+$/.exec(headers['content-range'] ?? '')?.[1];
      if (start !== undefined && Number(start) !== session.size)
        return { status: 416, headers: placeOf(request.path, request.id, session.size) };
      return (chunk) => {
        session.pieces.push(chunk);
        session.size += chunk.byteLength;
      };
    },
    answer(request) {
      const { method, path, id, url } = request;
      if (method === 'POST') return open(request);
      const session = sessionOf(request);
      if (session === undefined) return failure(404, 'BLOB_UPLOAD_UNKNOWN');
      switch (method) {
        case 'DELETE':
          sessions.delete(id);
          return { status: 204 };
        case 'PATCH':
          return { status: 202, headers: placeOf(path, id, session.size) };
        case 'PUT': {
          sessions.delete(id);
          return commit(path, session, url.searchParams.get('digest') ?? '');
        }
        default:
          return { status: 204, headers: placeOf(path, id, session.size) };
      }
    },
  };
}

function created(path: string, digest: string): Answer {
  return {
    status: 201,
    headers: { location: `/v2/${path}/blobs/${digest}`, 'docker-content-digest': digest },
  };
}

function placeOf(path: string, id: string, size = 0): Record<string, string> {
  return {
    location: `/v2/${path}/blobs/uploads/${id}?_state=a%2Bb%3D`,
    range: `0-${Math.max(0, size - 1)}`,
    'docker-upload-uuid': id,
  };
}
