// SPDX-License-Identifier: MIT
import { type Answer, failure, json } from './answer.ts';
import { membersOf } from './manifests.ts';
import type { StoredRepository } from './repository.ts';

const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';

/** The tags of a repository, sorted, in pages. @see distribution-spec v1.1.1, "Listing Tags" */
export function answerTags(
  repository: StoredRepository | undefined,
  path: string,
  url: URL,
  pageSize: number | undefined,
): Answer {
  if (repository === undefined) return failure(404, 'NAME_UNKNOWN');
  const last = url.searchParams.get('last') ?? '';
  const tags = [...repository.tags.keys()].sort().filter((tag) => tag > last);
  const asked = Number(url.searchParams.get('n') ?? pageSize ?? tags.length);
  const count = Math.min(asked, pageSize ?? asked);
  const page = tags.slice(0, count);
  const next = page.at(-1);
  const more = page.length < tags.length && next !== undefined;
  return json(
    { name: path, tags: page },
    more
      ? { link: `</v2/${path}/tags/list?n=${count}&last=${encodeURIComponent(next)}>; rel="next"` }
      : undefined,
  );
}

/** The manifests whose subject is `digest`. @see distribution-spec v1.1.1, "Listing Referrers" */
export function answerReferrers(
  repository: StoredRepository | undefined,
  digest: string,
  artifactType: string | null,
): Answer {
  if (!/^[a-z0-9]+:[0-9a-f]+$/.test(digest)) return failure(400, 'DIGEST_INVALID');
  const manifests = [...(repository?.manifests ?? [])].flatMap(([name, stored]) => {
    const members = membersOf(stored);
    if (members?.subject?.digest !== digest) return [];
    const type = members.artifactType ?? members.config?.mediaType;
    if (artifactType !== null && type !== artifactType) return [];
    return [
      {
        mediaType: stored.mediaType,
        digest: name,
        size: stored.bytes.byteLength,
        ...(type === undefined ? {} : { artifactType: type }),
        ...(members.annotations === undefined ? {} : { annotations: members.annotations }),
      },
    ];
  });
  return {
    status: 200,
    headers: {
      'content-type': INDEX_TYPE,
      ...(artifactType === null ? {} : { 'oci-filters-applied': 'artifactType' }),
    },
    body: JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests }),
  };
}
