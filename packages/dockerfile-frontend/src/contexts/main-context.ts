// SPDX-License-Identifier: MIT
import { deferred, http, local, type State, scratch } from '@img-build/llb';
import { FrontendError } from '../frontend-error.ts';
import { buildArg } from '../global-args.ts';
import type { LowerOptions } from '../options.ts';
import { parseGoBoolean } from '../text/go-boolean.ts';
import { followPaths } from './follow-paths.ts';
import { gitState, parseGitAddress } from './git-address.ts';
import { shownAddress } from './shown-address.ts';

/** Name of the one file of an `http(s)://` context. */
const DOWNLOAD = 'context';

/**
 * The main context.
 *
 * @param paths - rooted; read when the graph is marshalled, after every instruction has added its own.
 * @throws FrontendError `CONTEXT_INVALID`
 */
export function mainContext(options: LowerOptions, paths: ReadonlySet<string>): State {
  const { context = 'local:context', contextSubdirectory } = options;
  if (context.startsWith('local:')) return localContext(context.slice('local:'.length), options, paths);
  const root = remoteContext(context, options);
  if (contextSubdirectory === undefined || contextSubdirectory === '') return root;
  return scratch().file([
    { type: 'copy', from: root, source: `/${contextSubdirectory}`, destination: '/', contentsOnly: true },
  ]);
}

function localContext(name: string, { contextIgnore }: LowerOptions, paths: ReadonlySet<string>): State {
  return deferred(() =>
    local(name, {
      name: '[internal] load build context',
      excludePatterns: contextIgnore,
      followPaths: followPaths(paths),
      sharedKeyHint: name,
    }),
  );
}

function remoteContext(context: string, options: LowerOptions): State {
  const address = parseGitAddress(context, { purpose: 'context' });
  if (address !== undefined) {
    const keep = parseGoBoolean(buildArg(options.buildArgs ?? {}, 'BUILDKIT_CONTEXT_KEEP_GIT_DIR') ?? '');
    return gitState(address, {
      name: `[internal] load git source ${shownAddress(context)}`,
      keepGitDirectory: keep === true || address.keepGitDirectory === true,
    });
  }
  if (/^https?:\/\//i.test(context)) return downloadedContext(context, options);
  throw new FrontendError(`unsupported context ${shownAddress(context)}`, {
    code: 'CONTEXT_INVALID',
    hint: 'a context is a folder, a git repository, or an http(s) address of a Dockerfile or an archive',
  });
}

function downloadedContext(context: string, { contextForm }: LowerOptions): State {
  const download = http(context, { filename: DOWNLOAD, name: '[internal] load remote build context' });
  if (contextForm !== 'archive') return download;
  return scratch().file([
    { type: 'copy', from: download, source: `/${DOWNLOAD}`, destination: '/', unpack: true },
  ]);
}
