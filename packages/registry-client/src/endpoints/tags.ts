// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import { isTag, type Reference } from '@img-build/oci';
import { pullScope } from '../auth/scope.ts';
import { readBody } from '../http/read-body.ts';
import { RegistryError } from '../registry-error.ts';
import type { RegistryCall, Session } from '../session.ts';
import { nextPage } from './page.ts';

/** Bytes of one page of tags. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;

/**
 * The tags of a repository, each once, in the registry's order, page by page.
 *
 * @throws RegistryError `REGISTRY_NOT_FOUND` for a repository the registry does not have, `REGISTRY_PROTOCOL` for an
 *   answer that is no list of tags.
 */
export async function* listTags(
  session: Session,
  reference: Pick<Reference, 'domain' | 'path'>,
  { signal }: AbortOptions = {},
): AsyncGenerator<string, void, undefined> {
  const { domain, path } = reference;
  const seen = new Set<string>();
  let at: string | URL | undefined = `${path}/tags/list`;
  while (at !== undefined) {
    const call: RegistryCall = {
      method: 'GET',
      reference,
      at,
      errand: { capability: 'list', by: 'tag' },
      scopes: [pullScope(path)],
      headers: { accept: 'application/json' },
      documentLimit: MAX_PAGE_BYTES,
      what: `tags of ${domain}/${path}`,
      signal,
    };
    const response = await session.expect(call, [200]);
    const tags = tagsFrom(await readBody(response, MAX_PAGE_BYTES), call);
    const fresh = tags.filter((tag) => !seen.has(tag));
    for (const tag of fresh) {
      seen.add(tag);
      yield tag;
    }
    // A page that brings nothing new would be followed by itself for ever.
    at = fresh.length === 0 ? undefined : nextPage(response);
  }
}

function tagsFrom(bytes: Uint8Array, { what, reference }: RegistryCall): readonly string[] {
  try {
    const { tags } = JSON.parse(new TextDecoder().decode(bytes)) as { tags?: unknown };
    if (tags === undefined || tags === null) return [];
    if (Array.isArray(tags))
      return tags.filter((tag): tag is string => typeof tag === 'string' && isTag(tag));
  } catch {
    // Reported below, like every other answer of the wrong form.
  }
  throw new RegistryError(`the answer for ${what} is no list of tags`, {
    code: 'REGISTRY_PROTOCOL',
    host: reference.domain,
    repository: reference.path,
  });
}
