// SPDX-License-Identifier: MIT
import type { OpOptions } from './node.ts';
import { type State, stateOfNode } from './state.ts';

/** An image, by normalised reference with tag or digest. */
export function image(
  reference: string,
  options: OpOptions & { readonly resolveMode?: 'default' | 'pull' | 'local' | undefined } = {},
): State {
  const { resolveMode } = options;
  const attrs: Record<string, string> =
    resolveMode === undefined || resolveMode === 'default' ? {} : { 'image.resolvemode': resolveMode };
  return source(`docker-image://${reference}`, attrs, options);
}

/**
 * An image of a layout folder.
 *
 * @param reference - normalised and with a digest; its name is for messages only.
 * @param options - `store` is what the client calls the folder.
 */
export function ociLayout(reference: string, options: OpOptions & { readonly store: string }): State {
  return source(`oci-layout://${reference}`, { 'oci.store': options.store }, options);
}

/** Filters and hints of a folder of the client. */
export interface LocalOptions extends OpOptions {
  /** Only these paths exist. */
  readonly includePatterns?: readonly string[] | undefined;
  /** These do not exist; rules as in .dockerignore. */
  readonly excludePatterns?: readonly string[] | undefined;
  /** Paths that exist, with what their symlinks point to. */
  readonly followPaths?: readonly string[] | undefined;
  /** Tells folders of the same name apart from others, across builds. */
  readonly sharedKeyHint?: string | undefined;
}

/** A folder of the client, by the name the client gives it. */
export function local(name: string, options: LocalOptions = {}): State {
  const attrs: Record<string, string> = {};
  if (options.includePatterns?.length)
    attrs['local.includepattern'] = JSON.stringify(options.includePatterns);
  if (options.excludePatterns?.length)
    attrs['local.excludepatterns'] = JSON.stringify(options.excludePatterns);
  if (options.followPaths?.length) attrs['local.followpaths'] = JSON.stringify(options.followPaths);
  if (options.sharedKeyHint !== undefined) attrs['local.sharedkeyhint'] = options.sharedKeyHint;
  return source(`local://${name}`, attrs, options);
}

/** What to download, and how the file is to look. */
export interface HttpOptions extends OpOptions {
  readonly filename?: string | undefined;
  /** `sha256:…` the content must have. */
  readonly checksum?: string | undefined;
  /** Permission bits. */
  readonly mode?: number | undefined;
}

/** A file from an http or https address. */
export function http(url: string, options: HttpOptions = {}): State {
  const attrs: Record<string, string> = {};
  if (options.checksum !== undefined) attrs['http.checksum'] = options.checksum;
  if (options.filename !== undefined) attrs['http.filename'] = options.filename;
  if (options.mode !== undefined) attrs['http.perm'] = `0${options.mode.toString(8)}`;
  return source(url, attrs, options);
}

/** Which state of a repository. */
export interface GitOptions extends OpOptions {
  /** Branch, tag or commit. */
  readonly ref?: string | undefined;
  readonly subdirectory?: string | undefined;
  readonly keepGitDirectory?: boolean | undefined;
  readonly skipSubmodules?: boolean | undefined;
  /** Commit, or the beginning of one, that `ref` must resolve to. */
  readonly checksum?: string | undefined;
  /** Files get the time of the commit. */
  readonly commitTime?: boolean | undefined;
  /** Fetch the commit that `checksum` names, whatever `ref` points to. */
  readonly fetchByCommit?: boolean | undefined;
}

/** A checkout of a git repository. */
export function git(remote: string, options: GitOptions = {}): State {
  const fragment =
    options.subdirectory === undefined ? (options.ref ?? '') : `${options.ref ?? ''}:${options.subdirectory}`;
  const address = remote
    .replace(/^[a-z+]+:\/\//, '')
    .replace(/^[^/@]*@/, '')
    .replace(/^([^/:]+):(?!\d+\/)/, '$1/');
  const attrs: Record<string, string> = {
    'git.authheadersecret': 'GIT_AUTH_HEADER',
    'git.authtokensecret': 'GIT_AUTH_TOKEN',
    'git.fullurl': remote,
  };
  if (options.keepGitDirectory === true) attrs['git.keepgitdir'] = 'true';
  if (options.skipSubmodules === true) attrs['git.skipsubmodules'] = 'true';
  if (options.checksum !== undefined) attrs['git.checksum'] = options.checksum;
  if (options.commitTime === true) attrs['git.mtime'] = 'commit';
  if (options.fetchByCommit === true) attrs['git.fetchbycommit'] = 'true';
  if (remote.startsWith('ssh://') || !remote.includes('://')) attrs['git.mountsshsock'] = 'default';
  return source(`git://${address}${fragment === '' ? '' : `#${fragment}`}`, attrs, options);
}

/** Any source by identifier. Only images depend on the platform. */
export function source(
  identifier: string,
  attrs: Readonly<Record<string, string>>,
  options: OpOptions = {},
): State {
  const scheme = identifier.slice(0, identifier.indexOf('://'));
  const isImage = scheme === 'docker-image' || scheme === 'oci-layout';
  return stateOfNode({
    options,
    caps: [
      CAPS[scheme] ?? `source.${scheme}`,
      ...Object.keys(attrs).flatMap((name) => ATTR_CAPS[name] ?? []),
    ],
    inputs: () => [],
    toOp: (context) => ({
      type: 'source',
      source: { identifier, attrs },
      inputs: [],
      platform: isImage ? (options.platform ?? context.platform) : undefined,
      constraints: { filter: [] },
    }),
  });
}

const CAPS: Readonly<Record<string, string>> = {
  'docker-image': 'source.image',
  'oci-layout': 'source.ocilayout',
  https: 'source.http',
};

const ATTR_CAPS: Readonly<Record<string, string>> = {
  'image.resolvemode': 'source.image.resolvemode',
  'local.includepattern': 'source.local.includepatterns',
  'local.excludepatterns': 'source.local.excludepatterns',
  'local.followpaths': 'source.local.followpaths',
  'local.sharedkeyhint': 'source.local.sharedkeyhint',
  'git.fullurl': 'source.git.fullurl',
  'git.keepgitdir': 'source.git.keepgitdir',
  'git.checksum': 'source.git.checksum',
  'git.skipsubmodules': 'source.git.skipsubmodules',
  'git.mtime': 'source.git.mtime',
  'git.fetchbycommit': 'source.git.fetchbycommit',
  'git.mountsshsock': 'source.git.mountsshsock',
  'http.checksum': 'source.http.checksum',
  'http.perm': 'source.http.perm',
};
