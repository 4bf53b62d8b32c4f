// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import {
  baseMediaType,
  canonicalDigest,
  type Descriptor,
  type Digest,
  MAX_MANIFEST_BYTES,
  MEDIA_TYPES,
  parseIndex,
  type Reference,
} from '@img-build/oci';
import { pullScope } from '../auth/scope.ts';
import { type HttpResponse, headerOf } from '../http/message.ts';
import { readBody } from '../http/read-body.ts';
import { RegistryError } from '../registry-error.ts';
import { type RegistryCall, type Session, unexpected } from '../session.ts';
import { nextPage } from './page.ts';
import { referrersTag } from './referrers-tag.ts';

/** Which referrers to list. */
export interface ReferrersOptions extends AbortOptions {
  /** Only those of this type. */
  readonly artifactType?: string | undefined;
}

/** A repository and the manifest others may refer to. */
export interface Subject extends Pick<Reference, 'domain' | 'path'> {
  readonly digest: Digest;
}

/** How deep to follow pages. */
const MAX_PAGES = 1000;

/**
 * Lists the manifests whose subject is the one given: through the API where the registry has it, else through the tag
 * that clients maintain instead.
 *
 * @see distribution-spec v1.1.1, "Listing Referrers" and "Referrers Tag Schema"
 */
export async function* listReferrers(
  session: Session,
  subject: Subject,
  options: ReferrersOptions = {},
): AsyncGenerator<Descriptor, void, undefined> {
  const { artifactType } = options;
  const seen = new Set<Digest>();
  for await (const descriptor of pages(session, subject, options)) {
    if (seen.has(descriptor.digest)) continue;
    seen.add(descriptor.digest);
    if (artifactType === undefined || descriptor.artifactType === artifactType) yield descriptor;
  }
}

async function* pages(
  session: Session,
  subject: Subject,
  { artifactType, signal }: ReferrersOptions,
): AsyncGenerator<Descriptor, void, undefined> {
  const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`;
  let at: string | URL | undefined = `${subject.path}/referrers/${subject.digest}${query}`;
  const asked = new Set<string>();
  for (let page = 0; at !== undefined && page < MAX_PAGES && !asked.has(String(at)); page++) {
    asked.add(String(at));
    const call = indexCall(subject, at, signal);
    const response = await session.call(call);
    if (!isIndexAnswer(response)) {
      // Elsewhere means a web site in the registry's name: no API, whatever it says.
      const lacksApi =
        [200, 404, 405, 501].includes(response.status) || Math.floor(response.status / 100) === 3;
      if (!lacksApi) throw await unexpected(response, call);
      response.discard();
      if (page === 0) yield* fallback(session, subject, signal);
      return;
    }
    yield* entries(await readBody(response, MAX_MANIFEST_BYTES), call);
    at = nextPage(response);
  }
}

async function* fallback(
  session: Session,
  subject: Subject,
  signal: AbortSignal | undefined,
): AsyncGenerator<Descriptor, void, undefined> {
  const call = indexCall(subject, `${subject.path}/manifests/${referrersTag(subject.digest)}`, signal);
  const response = await session.call(call);
  if (isIndexAnswer(response)) {
    const bytes = await readBody(response, MAX_MANIFEST_BYTES);
    const claimed = headerOf(response.headers, 'docker-content-digest');
    // Some registries resolve the tag to the subject itself, which is no list of referrers.
    if (claimed !== subject.digest && canonicalDigest(bytes) !== subject.digest) yield* entries(bytes, call);
    return;
  }
  if (response.status !== 200 && response.status !== 404) throw await unexpected(response, call);
  response.discard();
}

function indexCall(subject: Subject, at: string | URL, signal: AbortSignal | undefined): RegistryCall {
  const { domain, path, digest } = subject;
  return {
    method: 'GET',
    reference: subject,
    at,
    scopes: [pullScope(path)],
    errand: { capability: 'referrers', by: 'digest' },
    headers: { accept: MEDIA_TYPES.ociIndex },
    staysHome: true,
    documentLimit: MAX_MANIFEST_BYTES,
    what: `referrers of ${domain}/${path}@${digest}`,
    signal,
  };
}

function isIndexAnswer({ status, headers }: HttpResponse): boolean {
  return status === 200 && baseMediaType(headerOf(headers, 'content-type')) === MEDIA_TYPES.ociIndex;
}

function entries(bytes: Uint8Array, { what, reference }: RegistryCall): readonly Descriptor[] {
  try {
    return parseIndex(bytes, { mediaType: MEDIA_TYPES.ociIndex }).manifests;
  } catch (cause) {
    throw new RegistryError(`the answer for ${what} is no index`, {
      code: 'REGISTRY_PROTOCOL',
      host: reference.domain,
      repository: reference.path,
      cause,
    });
  }
}
