// SPDX-License-Identifier: MIT
import { type Answer, digestLike, failure, sha256 } from './answer.ts';
import type { Repositories, StoredManifest, StoredRepository } from './repository.ts';

/** What a manifest store is told. */
export interface ManifestRules {
  /** Answers the referrers API and says so when a manifest with a subject is stored. */
  readonly referrers: boolean;
  /** Refuses manifests whose blobs or children are missing. */
  readonly checksReferences: boolean;
}

/** A request about a manifest. */
export interface ManifestRequest {
  readonly method: string;
  readonly path: string;
  /** A tag or a digest. */
  readonly name: string;
  readonly mediaType: string;
  readonly body: Buffer;
}

/** The members of a manifest or index that a registry looks at. */
export interface ManifestMembers {
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject?: { readonly digest?: string };
  readonly config?: { readonly digest?: string; readonly mediaType?: string };
  readonly layers?: readonly { readonly digest?: string; readonly urls?: readonly string[] }[];
  readonly manifests?: readonly { readonly digest?: string }[];
}

const MAX_MANIFEST = 4 * 1024 * 1024;

/** Answers requests about manifests. @see distribution-spec v1.1.1, "Pulling manifests", "Pushing Manifests" */
export function answerManifest(
  repositories: Repositories,
  request: ManifestRequest,
  rules: ManifestRules,
): Answer {
  const { method, path, name } = request;
  if (method === 'PUT') return store(repositories.open(path), request, rules);
  const repository = repositories.get(path);
  if (repository === undefined) return failure(404, 'NAME_UNKNOWN');
  const digest = repository.tags.get(name) ?? name;
  const found = repository.manifests.get(digest);
  if (found === undefined) return failure(404, 'MANIFEST_UNKNOWN');
  if (method === 'DELETE') return remove(repository, name);
  return {
    status: 200,
    headers: { 'content-type': found.mediaType, 'docker-content-digest': digest },
    body: found.bytes,
  };
}

/** The members of a stored manifest; none of one that is not JSON. */
export function membersOf({ bytes }: Pick<StoredManifest, 'bytes'>): ManifestMembers | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function store(
  repository: StoredRepository,
  { path, name, mediaType, body }: ManifestRequest,
  rules: ManifestRules,
): Answer {
  if (body.byteLength > MAX_MANIFEST) return failure(413, 'SIZE_INVALID');
  const members = membersOf({ bytes: body });
  if (members === undefined || (members.mediaType !== undefined && members.mediaType !== mediaType))
    return failure(400, 'MANIFEST_INVALID');
  const digest = name.includes(':') ? digestLike(name, [body]) : sha256(body);
  if (name.includes(':') && name !== digest) return failure(400, 'DIGEST_INVALID');
  const missing = rules.checksReferences ? missingReference(repository, members) : undefined;
  if (missing !== undefined)
    return failure(400, 'MANIFEST_BLOB_UNKNOWN', `blob unknown to registry: ${missing}`);
  repository.manifests.set(digest, { bytes: body, mediaType });
  if (!name.includes(':')) repository.tags.set(name, digest);
  const subject = rules.referrers ? members.subject?.digest : undefined;
  return {
    status: 201,
    headers: {
      location: `/v2/${path}/manifests/${digest}`,
      'docker-content-digest': digest,
      ...(subject === undefined ? {} : { 'oci-subject': subject }),
    },
  };
}

function missingReference(
  { blobs, manifests }: StoredRepository,
  { config, layers = [], manifests: children = [] }: ManifestMembers,
): string | undefined {
  const wantedBlobs = [config, ...layers.filter(({ urls = [] }) => urls.length === 0)];
  return (
    wantedBlobs.find((one) => one?.digest !== undefined && !blobs.has(one.digest))?.digest ??
    children.find(({ digest }) => digest !== undefined && !manifests.has(digest))?.digest
  );
}

function remove({ manifests, tags }: StoredRepository, name: string): Answer {
  if (!name.includes(':')) tags.delete(name);
  else {
    manifests.delete(name);
    for (const [tag, digest] of tags) if (digest === name) tags.delete(tag);
  }
  return { status: 202 };
}
