// SPDX-License-Identifier: MIT
import { MAX_MANIFEST_BYTES, MEDIA_TYPES, type Reference } from '@img-build/oci';
import { pullScope } from '../auth/scope.ts';
import type { RegistryCall } from '../session.ts';

/**
 * All the types at once and in one header: registries answer "not found" or convert to schema 1 when the type of an image
 * is not listed, and some proxies read only the first header of a name.
 */
const ACCEPT_MANIFESTS: string = [
  MEDIA_TYPES.ociIndex,
  MEDIA_TYPES.dockerManifestList,
  MEDIA_TYPES.ociManifest,
  MEDIA_TYPES.dockerManifest,
].join(', ');

/** The call for a manifest. */
export function manifestCall(
  method: 'GET' | 'HEAD',
  reference: Reference,
  signal: AbortSignal | undefined,
): RegistryCall {
  const { domain, path, tag, digest } = reference;
  const name = digest ?? tag ?? 'latest';
  return {
    method,
    reference,
    at: `${path}/manifests/${name}`,
    scopes: [pullScope(path)],
    errand:
      digest === undefined ? { capability: 'resolve', by: 'tag' } : { capability: 'pull', by: 'digest' },
    headers: { accept: ACCEPT_MANIFESTS, 'accept-encoding': 'identity' },
    documentLimit: method === 'GET' ? MAX_MANIFEST_BYTES : undefined,
    what: `${domain}/${path}${digest === undefined ? ':' : '@'}${name}`,
    signal,
  };
}
