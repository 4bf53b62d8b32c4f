// SPDX-License-Identifier: MIT
import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { UsageError } from '../../usage-error.ts';
import type { BuildInput, BuildInputNames, BuildInputOptions } from '../build-input.ts';
import { contextParts, MAIN_CONTEXT } from './context-parts.ts';
import { DOCKERFILE_NAMES, loadDockerfile } from './dockerfile.ts';
import { loadIgnoreRules } from './ignore-rules.ts';
import { readInputFile } from './input-file.ts';
import { isDownload } from './remote-address.ts';
import { createRemoteSources, type RemoteSources } from './remote-sources.ts';

/** Input whose main context is a folder. @throws UsageError */
export async function openFolderInput(
  { context, file, contexts }: BuildInputNames,
  options: BuildInputOptions,
): Promise<BuildInput> {
  const folder = resolve(context);
  requireFolder(folder, context);
  const path = file === '-' || isDownload(file) ? undefined : dockerfilePath(folder, file);
  const remote = createRemoteSources(options);
  try {
    const dockerfile =
      path === undefined
        ? await dockerfileFromElsewhere(file, remote, options)
        : await loadDockerfile(basename(path), options.load, async () =>
            readInputFile(path, 'failed to read dockerfile'),
          );
    const ignore = await loadIgnoreRules(folder, { dockerfile: path, load: options.load });
    const main = { lowerOptions: { context: `local:${MAIN_CONTEXT}`, contextIgnore: ignore }, folder };
    return { dockerfile, ...contextParts({ main, contexts, remote, options }), close: () => remote.close() };
  } catch (error) {
    remote.close();
    throw error;
  }
}

async function dockerfileFromElsewhere(
  file: string | undefined,
  remote: RemoteSources,
  options: BuildInputOptions,
): Promise<BuildInput['dockerfile']> {
  const { givenDockerfile } = await import('./download-input.ts');
  const dockerfile = await givenDockerfile(file, remote, options);
  if (dockerfile === undefined) throw new TypeError(`${file} is a file of the context`);
  return dockerfile;
}

function requireFolder(folder: string, shown: string): void {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new UsageError(`unable to prepare context: path ${JSON.stringify(shown)} not found`);
  if (!stat.isDirectory())
    throw new UsageError(`unable to prepare context: ${JSON.stringify(shown)} is not a directory`);
}

/** A Dockerfile of the context stays in it; one that the user names elsewhere is the user's choice. */
function dockerfilePath(folder: string, file: string | undefined): string {
  const path = file === undefined ? findDockerfile(folder) : resolve(file);
  const inside = relative(folder, path);
  if (inside.startsWith('..') || !existsSync(path)) return path;
  if (!realpathSync(path).startsWith(`${realpathSync(folder)}/`)) {
    throw new UsageError(
      `${inside} is a link out of the context: ${realpathSync(path)}`,
      'name the file it leads to with -f',
    );
  }
  return path;
}

function findDockerfile(folder: string): string {
  const [standard] = DOCKERFILE_NAMES;
  return join(folder, DOCKERFILE_NAMES.find((name) => existsSync(join(folder, name))) ?? standard);
}
