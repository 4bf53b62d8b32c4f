// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { ToolError } from '@img-build/errors';
import type { AbortOptions, BlobPresence, RegistryPort } from '@img-build/interfaces';
import {
  type Descriptor,
  type Digest,
  detectDocument,
  digestAlgorithm,
  formatReference,
  type Reference,
  repositoryName,
} from '@img-build/oci';

/** One call of a {@link MemoryRegistry}, in the order they came. */
export interface MemoryRegistryCall {
  readonly call: keyof MemoryPort;
  /** The full reference. */
  readonly reference: string;
  /** Of the blob, for calls about blobs. */
  readonly digest?: Digest;
}

type MemoryPort = RegistryPort & BlobPresence;

/** Every registry there is, in memory. */
export interface MemoryRegistry extends RegistryPort, BlobPresence {
  /** What it was asked, for tests that count. */
  readonly calls: readonly MemoryRegistryCall[];
}

interface Repository {
  readonly blobs: Map<Digest, Uint8Array>;
  readonly manifests: Map<Digest, { readonly bytes: Uint8Array; readonly mediaType: string }>;
  readonly tags: Map<string, Digest>;
}

/** Creates registries that answer for every host, all of them empty. Errors have the codes of the real client. */
export function createMemoryRegistry(): MemoryRegistry {
  const repositories = new Map<string, Repository>();
  const calls: MemoryRegistryCall[] = [];

  const note = (
    call: keyof MemoryPort,
    reference: Reference,
    { signal }: AbortOptions,
    digest?: Digest,
  ): void => {
    signal?.throwIfAborted();
    calls.push({ call, reference: formatReference(reference), ...(digest === undefined ? {} : { digest }) });
  };
  const repositoryAt = (name: string): Repository => {
    const known = repositories.get(name) ?? { blobs: new Map(), manifests: new Map(), tags: new Map() };
    repositories.set(name, known);
    return known;
  };
  const manifestOf = (
    reference: Reference,
  ): { readonly descriptor: Descriptor; readonly bytes: Uint8Array } => {
    const repository = repositories.get(repositoryName(reference));
    const digest = reference.digest ?? repository?.tags.get(reference.tag ?? 'latest');
    const found = digest === undefined ? undefined : repository?.manifests.get(digest);
    if (digest === undefined || found === undefined)
      throw failure('REGISTRY_NOT_FOUND', `${formatReference(reference)} not found`);
    return {
      descriptor: { mediaType: found.mediaType, digest, size: found.bytes.byteLength },
      bytes: found.bytes,
    };
  };

  return {
    calls,
    async resolve(reference, options = {}) {
      note('resolve', reference, options);
      return manifestOf(reference).descriptor;
    },
    async manifest(reference, options = {}) {
      note('manifest', reference, options);
      const { descriptor, bytes } = manifestOf(reference);
      return { descriptor, bytes: bytes.slice() };
    },
    async *blob(reference, descriptor, options = {}) {
      note('blob', reference, options, descriptor.digest);
      const bytes = repositories.get(repositoryName(reference))?.blobs.get(descriptor.digest);
      if (bytes === undefined) throw failure('REGISTRY_NOT_FOUND', `blob ${descriptor.digest} not found`);
      if (bytes.byteLength !== descriptor.size)
        throw failure('REGISTRY_SIZE_MISMATCH', `blob ${descriptor.digest} has ${bytes.byteLength} bytes`);
      const rest = bytes.subarray(options.offset ?? 0);
      for (let at = 0; at < rest.byteLength; at += CHUNK) {
        options.signal?.throwIfAborted();
        options.onProgress?.(Math.min(at + CHUNK, rest.byteLength));
        yield rest.slice(at, at + CHUNK);
      }
    },
    async pushBlob(reference, { descriptor, open, mountFrom = [] }, options = {}) {
      note('pushBlob', reference, options, descriptor.digest);
      const { blobs } = repositoryAt(repositoryName(reference));
      if (blobs.has(descriptor.digest)) return 'existed';
      const neighbour = mountFrom
        .map((path) => repositories.get(`${reference.domain}/${path}`)?.blobs.get(descriptor.digest))
        .find((bytes) => bytes !== undefined);
      if (neighbour !== undefined) {
        blobs.set(descriptor.digest, neighbour);
        return 'mounted';
      }
      const bytes = await readSource(open(0), options);
      if (bytes.byteLength !== descriptor.size)
        throw failure('REGISTRY_SIZE_MISMATCH', `blob ${descriptor.digest} has ${bytes.byteLength} bytes`);
      if (digestOf(bytes, descriptor.digest) !== descriptor.digest)
        throw failure('REGISTRY_DIGEST_MISMATCH', `blob ${descriptor.digest} is something else`);
      blobs.set(descriptor.digest, bytes);
      return 'uploaded';
    },
    async hasBlob(reference, { digest }, options = {}) {
      note('hasBlob', reference, options, digest);
      return repositoryAt(repositoryName(reference)).blobs.has(digest);
    },
    async mountBlob(reference, { digest }, from, options = {}) {
      note('mountBlob', reference, options, digest);
      const bytes = repositories.get(`${reference.domain}/${from}`)?.blobs.get(digest);
      if (bytes !== undefined) repositoryAt(repositoryName(reference)).blobs.set(digest, bytes);
      return bytes !== undefined;
    },
    async pushManifest(reference, mediaType, bytes, options = {}) {
      note('pushManifest', reference, options);
      const digest = digestOf(bytes, reference.digest);
      if (reference.digest !== undefined && digest !== reference.digest)
        throw failure('REGISTRY_DIGEST_MISMATCH', `the manifest is ${digest}`);
      const repository = repositoryAt(repositoryName(reference));
      const missing = childrenOf(bytes, mediaType).find(
        (child) => !repository.blobs.has(child) && !repository.manifests.has(child),
      );
      if (missing !== undefined)
        throw failure('REGISTRY_REFUSED', `the manifest needs ${missing}, which is not there`);
      repository.manifests.set(digest, { bytes: bytes.slice(), mediaType });
      if (reference.tag !== undefined) repository.tags.set(reference.tag, digest);
      return digest;
    },
  };
}

const CHUNK = 64 * 1024;

async function readSource(
  source: AsyncIterable<Uint8Array>,
  { signal, onProgress }: AbortOptions & { readonly onProgress?: ((bytes: number) => void) | undefined },
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    signal?.throwIfAborted();
    chunks.push(chunk);
    length += chunk.byteLength;
    onProgress?.(length);
  }
  return Buffer.concat(chunks);
}

function childrenOf(bytes: Uint8Array, mediaType: string): readonly Digest[] {
  const document = detectDocument(bytes, { mediaType });
  const children =
    document.kind === 'index'
      ? document.index.manifests
      : [document.manifest.config, ...document.manifest.layers];
  return children.filter(({ urls = [] }) => urls.length === 0).map(({ digest }) => digest);
}

function digestOf(bytes: Uint8Array, like: Digest | undefined): Digest {
  const algorithm = like === undefined ? 'sha256' : digestAlgorithm(like);
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

function failure(code: string, message: string): ToolError {
  return new ToolError(message, { code });
}
