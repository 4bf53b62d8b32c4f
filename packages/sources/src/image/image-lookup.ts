// SPDX-License-Identifier: MIT
import { isToolError, messageOf } from '@img-build/errors';
import type { AbortOptions, ContentStore, ImageStore, Logger, Resolver } from '@img-build/interfaces';
import {
  type Descriptor,
  type Digest,
  detectDocument,
  formatReference,
  MAX_MANIFEST_BYTES,
  type Reference,
} from '@img-build/oci';

/** Where a name is looked up first. `registry` is the default: a tag may have moved; `pull` takes no other answer. */
export type LookUpOrder = 'registry' | 'local' | 'pull';

/** What a name leads to. */
export interface LookUpResult {
  readonly target: Descriptor;
  /** True when the registry was asked and answered. */
  readonly fresh: boolean;
}

/** Where names are looked up. */
export interface LookUpPorts {
  readonly registry: () => Promise<Resolver>;
  readonly content: ContentStore;
  readonly images: ImageStore;
  readonly logger?: Logger | undefined;
}

/** Answers of a registry after which an image of that name made here is meant. */
const FALL_BACK = [
  'REGISTRY_NOT_FOUND',
  'REGISTRY_UNAUTHORIZED',
  'REGISTRY_DENIED',
  'REGISTRY_UNREACHABLE',
  'REGISTRY_RATE_LIMITED',
  'REGISTRY_TLS',
] as const;

/**
 * Finds out what an image name leads to. A digest whose document is stored needs no registry. A tag is asked of the
 * registry; when that has no such image or cannot be reached, the local image of that name is taken.
 *
 * @throws RegistryError - the registry's answer, when there is no local image either.
 */
export async function lookUpImage(
  ports: LookUpPorts,
  reference: Reference,
  order: LookUpOrder,
  options: AbortOptions = {},
): Promise<LookUpResult> {
  const { digest } = reference;
  if (digest !== undefined) {
    const known = await storedDocument(ports.content, digest, options);
    if (known !== undefined) return { target: known, fresh: false };
  }
  const local =
    digest === undefined && order !== 'pull' ? ports.images.get(formatReference(reference)) : undefined;
  if (local !== undefined && order === 'local') return { target: local.target, fresh: false };
  try {
    const registry = await ports.registry();
    return { target: await registry.resolve(reference, options), fresh: true };
  } catch (error) {
    if (local === undefined || !isToolError(error, ...FALL_BACK)) throw error;
    ports.logger?.info(`using the local image ${local.name}`, { reason: messageOf(error) });
    return { target: local.target, fresh: false };
  }
}

async function storedDocument(
  content: ContentStore,
  digest: Digest,
  options: AbortOptions,
): Promise<Descriptor | undefined> {
  const info = await content.info(digest);
  if (info === undefined || info.size > MAX_MANIFEST_BYTES) return undefined;
  try {
    const bytes = await content.read(digest, MAX_MANIFEST_BYTES, options);
    return { mediaType: detectDocument(bytes).mediaType, digest, size: bytes.byteLength };
  } catch (error) {
    if (isToolError(error)) return undefined;
    throw error;
  }
}
