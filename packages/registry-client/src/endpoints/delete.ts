// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import { type Digest, type Reference, withTag } from '@img-build/oci';
import { deleteScope } from '../auth/scope.ts';
import { RegistryError } from '../registry-error.ts';
import { type RegistryCall, type Session, unexpected } from '../session.ts';

type Repository = Pick<Reference, 'domain' | 'path'>;

/**
 * Deletes a manifest, and with it every tag that points to it.
 *
 * @throws RegistryError `REGISTRY_NOT_FOUND`, `REGISTRY_UNSUPPORTED` where the registry deletes nothing.
 * @see distribution-spec v1.1.1, "Deleting Manifests"
 */
export async function deleteManifest(
  session: Session,
  repository: Repository,
  digest: Digest,
  { signal }: AbortOptions = {},
): Promise<void> {
  await remove(session, deleteCall(repository, digest, signal));
}

/**
 * Deletes a tag and nothing else. Registries of an older kind cannot: they know manifests only.
 *
 * @throws RegistryError `REGISTRY_NOT_FOUND`, `REGISTRY_UNSUPPORTED`
 * @see distribution-spec v1.1.1, "Deleting Tags"
 */
export async function deleteTag(
  session: Session,
  repository: Repository,
  tag: string,
  { signal }: AbortOptions = {},
): Promise<void> {
  // Checks the tag's form: nothing else may come into the address.
  withTag({ ...repository }, tag);
  await remove(session, deleteCall(repository, tag, signal));
}

function deleteCall(
  { domain, path }: Repository,
  name: string,
  signal: AbortSignal | undefined,
): RegistryCall {
  return {
    method: 'DELETE',
    reference: { domain, path },
    at: `${path}/manifests/${name}`,
    scopes: [deleteScope(path)],
    what: `${domain}/${path}${name.includes(':') ? '@' : ':'}${name}`,
    signal,
  };
}

async function remove(session: Session, call: RegistryCall): Promise<void> {
  const response = await session.call(call);
  if (response.status === 202 || response.status === 200 || response.status === 204)
    return response.discard();
  const error = await unexpected(response, call);
  // A registry that takes only digests complains about the tag's form.
  const cannot =
    [405, 501].includes(response.status) ||
    error.errors.some(({ code }) => code === 'UNSUPPORTED' || code === 'DIGEST_INVALID');
  if (!cannot) throw error;
  throw new RegistryError(`${error.host} cannot delete ${call.what}`, {
    code: 'REGISTRY_UNSUPPORTED',
    status: error.status,
    errors: error.errors,
    host: error.host,
    repository: error.repository,
    hint: call.what.includes('@')
      ? 'deleting may have to be switched on in the registry'
      : 'delete the manifest by its digest; its other tags go with it',
    cause: error,
  });
}
