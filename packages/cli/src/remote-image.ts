// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import {
  atDigest,
  familiarName,
  formatPlatform,
  isAttestation,
  MAX_CONFIG_BYTES,
  type Platform,
  type Reference,
} from '@img-build/oci';
import type { FetchedManifest, RegistryClient } from '@img-build/registry-client';

/**
 * What a registry has under a name, without pulling it: manifest facts, the platforms of an index, what refers to it, and
 * the config of the image for `platform`; artifacts have none.
 */
export async function describeRemoteImage(
  registry: RegistryClient,
  reference: Reference,
  platform: Platform,
  options: AbortOptions = {},
): Promise<object> {
  const root = await registry.manifest(reference, options);
  const chosen =
    root.kind === 'index'
      ? await registry.resolve(atDigest(reference, root.descriptor.digest), { ...options, platform })
      : root.descriptor;
  const image =
    chosen.digest === root.descriptor.digest
      ? root
      : await registry.manifest(atDigest(reference, chosen.digest), options);
  const referrers: object[] = [];
  const subject = { domain: reference.domain, path: reference.path, digest: root.descriptor.digest };
  for await (const { digest, artifactType } of registry.referrers(subject, options))
    referrers.push({ digest, artifactType });
  return {
    name: familiarName(reference),
    tag: reference.tag,
    ...root.descriptor,
    ...(root.kind === 'index' ? { platforms: platformsOf(root) } : {}),
    ...(image.kind === 'manifest' ? await imageFacts(registry, reference, image, options) : {}),
    referrers,
  };
}

function platformsOf({ index }: FetchedManifest & { readonly kind: 'index' }): readonly object[] {
  return index.manifests
    .filter((entry) => !isAttestation(entry))
    .map(({ digest, size, platform }) => ({
      platform: platform === undefined ? undefined : formatPlatform(platform),
      digest,
      size,
    }));
}

async function imageFacts(
  registry: RegistryClient,
  reference: Reference,
  { manifest, descriptor }: FetchedManifest & { readonly kind: 'manifest' },
  options: AbortOptions,
): Promise<object> {
  const { config, layers, artifactType, annotations } = manifest;
  const facts = { manifest: descriptor.digest, artifactType, annotations, layers };
  if (!config.mediaType.endsWith('+json') || config.size > MAX_CONFIG_BYTES) return facts;
  const chunks: Uint8Array[] = [];
  for await (const chunk of registry.blob(reference, config, options)) chunks.push(chunk);
  return { ...facts, config: JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown };
}
