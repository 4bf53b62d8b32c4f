// SPDX-License-Identifier: MIT
import { statSync } from 'node:fs';
import type { HostTree, Source } from '@img-build/interfaces';
import { canonicalDigest, goJson } from '@img-build/oci';
import type { ContentHasher } from './hash/content-hasher.ts';
import { identifierBody } from './image/image-source.ts';
import { SourceError } from './source-error.ts';

/** Which folders a build may read. */
export interface LocalSourceOptions {
  /** Absolute paths by the names LLB uses: `context`, `dockerfile` … */
  readonly folders: Readonly<Record<string, string>>;
  /** Identifies this build: keys of local sources are never shared with another one. */
  readonly session: string;
  /** Reads a folder when its content is asked for, so that what has to be read is read, and seen to be, then. */
  readonly hasher?: Pick<ContentHasher, 'load'> | undefined;
}

const SCHEME = 'local';

/**
 * Creates the source of `local://` identifiers: folders of the host, filtered, owned by 0:0.
 *
 * @throws SourceError `SOURCE_NOT_FOUND` for a name that is no folder of this build, and, when its content is asked for, for
 *   a folder that is not there; `SOURCE_IDENTIFIER_INVALID`
 */
export function createLocalSource({ folders, session, hasher }: LocalSourceOptions): Source {
  return {
    schemes: [SCHEME],
    async open(source) {
      const name = identifierBody(source, SCHEME);
      const path = Object.hasOwn(folders, name) ? folders[name] : undefined;
      if (path === undefined)
        throw new SourceError(`there is no local folder named ${JSON.stringify(name)} in this build`, {
          code: 'SOURCE_NOT_FOUND',
        });
      const tree: HostTree = {
        type: 'host',
        path,
        include: patternsFrom(source.attrs, 'local.includepattern'),
        exclude: patternsFrom(source.attrs, 'local.excludepatterns'),
        followPaths: patternsFrom(source.attrs, 'local.followpaths'),
        rootOwned: true,
      };
      const { include, exclude, followPaths } = tree;
      const parts = goJson({
        SessionID: session,
        IncludePatterns: include,
        ExcludePatterns: exclude,
        FollowPaths: followPaths,
      });
      const key = `session:${name}:${canonicalDigest(parts)}`;
      return {
        async cacheKey() {
          return { key, done: true };
        },
        async content(options = {}) {
          if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true)
            throw new SourceError(`build context ${JSON.stringify(name)}: there is no folder ${path}`, {
              code: 'SOURCE_NOT_FOUND',
            });
          await hasher?.load(tree, options);
          return { type: 'tree', tree, description: `local source for ${name}` };
        },
      };
    },
  };
}

function patternsFrom(attrs: Readonly<Record<string, string>>, key: string): readonly string[] | undefined {
  const text = attrs[key];
  if (text === undefined || text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
      return value.length === 0 ? undefined : value;
  } catch {
    // Said below, with the name of the attribute.
  }
  throw new SourceError(`the attribute ${key} is not a JSON list of strings: ${JSON.stringify(text)}`, {
    code: 'SOURCE_IDENTIFIER_INVALID',
  });
}
