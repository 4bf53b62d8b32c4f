// SPDX-License-Identifier: MIT
import { type Descriptor, detectDocument, type Reference } from '@img-build/oci';
import { RegistryError } from '../registry-error.ts';
import type { Session } from '../session.ts';
import { blobExists } from './upload-session.ts';

/** Blobs asked for at most; an image rarely has more. */
const MAX_ASKED = 100;

/** The same error, naming the blobs of a manifest that its repository does not have. */
export async function withMissingBlobs(
  error: RegistryError,
  session: Session,
  reference: Reference,
  { descriptor, bytes }: { readonly descriptor: Descriptor; readonly bytes: Uint8Array },
  signal: AbortSignal | undefined,
): Promise<RegistryError> {
  const document = detectDocument(bytes, { mediaType: descriptor.mediaType });
  if (document.kind === 'index') return error;
  const { config, layers } = document.manifest;
  const missing: string[] = [];
  for (const blob of [config, ...layers].slice(0, MAX_ASKED)) {
    const isThere = await blobExists({ session, reference, descriptor: blob, signal }).catch(() => {
      signal?.throwIfAborted();
      return true;
    });
    if (!isThere) missing.push(blob.digest);
  }
  if (missing.length === 0) return error;
  const { code, status, errors, host, repository } = error;
  return new RegistryError(`${error.message} (missing: ${missing.join(', ')})`, {
    code,
    status,
    errors,
    host,
    repository,
    cause: error,
  });
}
