// SPDX-License-Identifier: MIT
import { formatReference, isDigest, isTag, parseReference, type Reference } from '@img-build/oci';
import { RegistryError } from '../registry-error.ts';

/** Where an image is copied from or to. */
export type CopyLocation =
  | { readonly type: 'registry'; readonly reference: Reference }
  | {
      /** A folder in the OCI image layout. */
      readonly type: 'oci';
      readonly folder: string;
      /** A tag or a digest of the layout; may be left out where there is one image only. */
      readonly name?: string | undefined;
    }
  | {
      /** A file of `docker save`, `img save`, `podman save` … */
      readonly type: 'docker-archive';
      readonly file: string;
      /** The image's name in the archive; may be left out where there is one image only. */
      readonly reference?: Reference | undefined;
    };

/**
 * Reads `[docker://]REFERENCE`, `oci:FOLDER[:TAG|@DIGEST]` or `docker-archive:FILE[:REFERENCE]`.
 *
 * @throws RegistryError `REGISTRY_LOCATION_INVALID`; OciError `REFERENCE_INVALID`
 */
export function parseLocation(text: string): CopyLocation {
  const [, scheme, rest = ''] = /^(docker:\/\/|oci:|docker-archive:)(.*)$/s.exec(text) ?? [];
  switch (scheme) {
    case 'oci:':
      return layoutLocation(text, rest);
    case 'docker-archive:':
      return archiveLocation(text, rest);
    default:
      return { type: 'registry', reference: parseReference(scheme === undefined ? text : rest) };
  }
}

/** A location as {@link parseLocation} reads it. */
export function formatLocation(location: CopyLocation): string {
  switch (location.type) {
    case 'registry':
      return formatReference(location.reference);
    case 'oci': {
      const { folder, name } = location;
      return `oci:${folder}${name === undefined ? '' : `${isDigest(name) ? '@' : ':'}${name}`}`;
    }
    case 'docker-archive': {
      const { file, reference } = location;
      return `docker-archive:${file}${reference === undefined ? '' : `:${formatReference(reference)}`}`;
    }
  }
}

function layoutLocation(text: string, rest: string): CopyLocation {
  const [, folder = '', digest] = /^(.*?)(?:@([a-z0-9]+:[0-9a-f]+))?$/s.exec(rest) ?? [];
  if (digest !== undefined && isDigest(digest)) return layout(text, folder, digest);
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
  if (colon < 0) return layout(text, rest, undefined);
  const name = rest.slice(colon + 1);
  if (!isTag(name)) throw invalid(text, `${JSON.stringify(name)} is not a tag`);
  return layout(text, rest.slice(0, colon), name);
}

function layout(text: string, folder: string, name: string | undefined): CopyLocation {
  if (folder === '') throw invalid(text, 'it names no folder');
  return { type: 'oci', folder, ...(name === undefined ? {} : { name }) };
}

function archiveLocation(text: string, rest: string): CopyLocation {
  const colon = rest.indexOf(':');
  const file = colon < 0 ? rest : rest.slice(0, colon);
  if (file === '') throw invalid(text, 'it names no file');
  return {
    type: 'docker-archive',
    file,
    ...(colon < 0 ? {} : { reference: parseReference(rest.slice(colon + 1)) }),
  };
}

function invalid(text: string, why: string): RegistryError {
  return new RegistryError(`cannot copy from or to ${JSON.stringify(text)}: ${why}`, {
    code: 'REGISTRY_LOCATION_INVALID',
    hint: 'write a reference, oci:FOLDER[:TAG] or docker-archive:FILE[:REFERENCE]',
  });
}
