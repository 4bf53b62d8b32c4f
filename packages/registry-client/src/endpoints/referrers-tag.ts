// SPDX-License-Identifier: MIT
import {
  type Descriptor,
  type Digest,
  detectDocument,
  digestAlgorithm,
  digestHex,
  type Index,
  MAX_MANIFEST_BYTES,
  MEDIA_TYPES,
  parseIndex,
  type Reference,
} from '@img-build/oci';
import { pullScope, pushScope } from '../auth/scope.ts';
import { headerOf } from '../http/message.ts';
import { readBody } from '../http/read-body.ts';
import { type RegistryCall, type Session, unexpected } from '../session.ts';

/** Rounds in which another writer may get ahead of us. */
const MAX_ROUNDS = 5;

/** The tag under which clients list referrers where the registry does not. @see distribution-spec v1.1.1, "Referrers Tag Schema" */
export function referrersTag(subject: Digest): string {
  const clean = (text: string): string => text.replace(/[^A-Za-z0-9._-]/g, '-');
  return `${clean(digestAlgorithm(subject)).slice(0, 32)}-${clean(digestHex(subject)).slice(0, 64)}`;
}

/** What refers to a manifest, as its entry in a list of referrers; `undefined` when it refers to nothing. */
export function referrerOf(
  descriptor: Descriptor,
  bytes: Uint8Array,
): { readonly subject: Digest; readonly entry: Descriptor } | undefined {
  const document = detectDocument(bytes, { mediaType: descriptor.mediaType });
  const members = document.kind === 'index' ? document.index : document.manifest;
  if (members.subject === undefined) return undefined;
  const artifactType =
    members.artifactType ?? (document.kind === 'manifest' ? document.manifest.config.mediaType : undefined);
  const { mediaType, digest, size } = descriptor;
  return {
    subject: members.subject.digest,
    entry: {
      mediaType,
      digest,
      size,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(members.annotations === undefined ? {} : { annotations: members.annotations }),
    },
  };
}

/**
 * Enters a manifest into the list its subject's tag holds. A list another client changed meanwhile is read again; what the
 * tag holds that is no list is left alone.
 */
export async function enterReferrer(
  session: Session,
  reference: Reference,
  { subject, entry }: { readonly subject: Digest; readonly entry: Descriptor },
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let round = 1; ; round++) {
    const known = await readList(session, reference, subject, signal);
    if (known === undefined || known.index.manifests.some(({ digest }) => digest === entry.digest)) return;
    const index: Index = {
      mediaType: MEDIA_TYPES.ociIndex,
      ...known.index,
      manifests: [...known.index.manifests, entry],
    };
    const body = Buffer.from(JSON.stringify(index));
    const call: RegistryCall = {
      ...tagCall(reference, subject, 'PUT', signal),
      scopes: [pushScope(reference.path)],
      headers: {
        'content-type': MEDIA_TYPES.ociIndex,
        'content-length': String(body.byteLength),
        ...(known.etag === undefined ? {} : { 'if-match': known.etag }),
      },
      body,
    };
    const response = await session.call(call);
    if ([200, 201, 202].includes(response.status)) return response.discard();
    const error = await unexpected(response, call);
    if (response.status !== 412 || round === MAX_ROUNDS) throw error;
  }
}

/** The list a subject's tag holds: an empty one when there is no tag, `undefined` when the tag holds something else. */
async function readList(
  session: Session,
  reference: Reference,
  subject: Digest,
  signal: AbortSignal | undefined,
): Promise<{ readonly index: Index; readonly etag?: string | undefined } | undefined> {
  const call = tagCall(reference, subject, 'GET', signal);
  const response = await session.call(call);
  if (response.status === 404) {
    response.discard();
    return { index: { schemaVersion: 2, manifests: [] } };
  }
  if (response.status !== 200) throw await unexpected(response, call);
  const bytes = await readBody(response, MAX_MANIFEST_BYTES);
  try {
    const index = parseIndex(bytes, { mediaType: headerOf(response.headers, 'content-type') });
    return { index, etag: headerOf(response.headers, 'etag') };
  } catch {
    session.report({
      type: 'warning-received',
      host: reference.domain,
      text: `the tag ${referrersTag(subject)} is no list of referrers and stays as it is`,
    });
    return undefined;
  }
}

function tagCall(
  reference: Reference,
  subject: Digest,
  method: 'GET' | 'PUT',
  signal: AbortSignal | undefined,
): RegistryCall {
  const { domain, path } = reference;
  return {
    method,
    reference: { domain, path },
    at: `${path}/manifests/${referrersTag(subject)}`,
    scopes: [pullScope(path)],
    headers: { accept: `${MEDIA_TYPES.ociIndex}, ${MEDIA_TYPES.dockerManifestList}` },
    documentLimit: method === 'GET' ? MAX_MANIFEST_BYTES : undefined,
    what: `the list of referrers of ${domain}/${path}@${subject}`,
    signal,
  };
}
