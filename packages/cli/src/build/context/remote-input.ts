// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import { mainContextSource } from '@img-build/dockerfile-frontend';
import type { AbortOptions, SourceIdentifier } from '@img-build/interfaces';
import { bytePath, openFileTree, resolvePath } from '@img-build/sources';
import { UsageError } from '../../usage-error.ts';
import type { BuildInput, BuildInputNames, BuildInputOptions } from '../build-input.ts';
import { contextParts } from './context-parts.ts';
import { DOCKERFILE_NAMES, loadDockerfile } from './dockerfile.ts';
import { givenDockerfile, readDownload } from './download-input.ts';
import { readInputFile } from './input-file.ts';
import { createRemoteSources, type RemoteSources } from './remote-sources.ts';

/**
 * Input whose main context is a repository, or an archive or Dockerfile on an http server. Its ignore files do not count.
 *
 * @throws UsageError, SourceError, FrontendError
 */
export async function openRemoteInput(
  names: BuildInputNames,
  options: BuildInputOptions,
): Promise<BuildInput> {
  const { context, file, contexts } = names;
  const { services, signal, load } = options;
  const remote = createRemoteSources(options);
  const source = mainContextSource({ context, buildPlatform: services.platform });
  if (source === undefined) throw new UsageError(`${context} is not the address of a context`);
  try {
    if (!source.identifier.startsWith('git:')) return await readDownload(source, names, { remote, options });
    const dockerfile =
      (await givenDockerfile(file, remote, options)) ??
      (await loadDockerfile(basename(file ?? DOCKERFILE_NAMES[0]), load, () =>
        fromRepository(source, file, remote, { signal }),
      ));
    const parts = contextParts({ main: { lowerOptions: { context } }, contexts, remote, options });
    return { dockerfile, ...parts, close: () => remote.close() };
  } catch (error) {
    remote.close();
    throw error;
  }
}

async function fromRepository(
  source: SourceIdentifier,
  file: string | undefined,
  remote: RemoteSources,
  abort: AbortOptions,
): Promise<Uint8Array> {
  const { git } = await remote.open();
  const content = await (await git.open(source, abort)).content(abort);
  if (content.type !== 'tree' || content.tree.type !== 'host') throw new TypeError('a repository is a tree');
  const tree = openFileTree(content.tree);
  const names = file === undefined ? DOCKERFILE_NAMES : [file];
  const found = names.map((each) => resolvePath(tree, bytePath(each), true).entry).find(Boolean);
  const what = 'failed to read dockerfile';
  if (found !== undefined) return readInputFile(found.systemPath, what, names[0]);
  throw new UsageError(
    `${what}: open ${names[0]}: no such file or directory in the context`,
    'name the Dockerfile with -f, by its path in the context',
  );
}
