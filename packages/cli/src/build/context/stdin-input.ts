// SPDX-License-Identifier: MIT
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { standardInput } from '../../standard-input.ts';
import { UsageError } from '../../usage-error.ts';
import type { BuildInput, BuildInputNames, BuildInputOptions } from '../build-input.ts';
import { contextParts, MAIN_CONTEXT } from './context-parts.ts';
import { DOCKERFILE_NAMES, loadDockerfile, refuseTerminal } from './dockerfile.ts';
import { openFolderInput } from './folder-input.ts';
import { MAX_FILE_BYTES } from './input-file.ts';

/** Input that comes from stdin: a Dockerfile, or a tar archive that is the context. @throws UsageError */
export async function openStdinInput(
  { file, contexts }: BuildInputNames,
  options: BuildInputOptions,
): Promise<BuildInput> {
  const { io, load, signal } = options;
  if (file === '-')
    throw new UsageError("invalid argument: can't use stdin for both build context and dockerfile");
  refuseTerminal(io, 'pipe a Dockerfile or a tar archive into img build -');
  const folder = mkdtempSync(join(tmpdir(), 'img-context-'));
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const { extractContext } = await import('../stdin-context.ts');
    const text = await extractContext(standardInput(io.stdin, signal), folder, {
      signal,
      maxText: MAX_FILE_BYTES,
    });
    if (text !== undefined) {
      const dockerfile = await loadDockerfile(DOCKERFILE_NAMES[0], load, async () => text);
      const main = { lowerOptions: { context: `local:${MAIN_CONTEXT}` }, folder };
      return { dockerfile, ...contextParts({ main, contexts, options }), close };
    }
    const path = file === undefined ? undefined : join(folder, join('/', file));
    for (const each of [path ?? folder, join(folder, '.dockerignore')]) requireInside(folder, each);
    const input = await openFolderInput({ context: folder, file: path, contexts }, options);
    return { ...input, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** An archive may hold links to anywhere; what it names is read only inside it. */
function requireInside(folder: string, path: string): void {
  if (path === folder || !existsSync(path) || realpathSync(path).startsWith(`${realpathSync(folder)}/`))
    return;
  throw new UsageError(`${relative(folder, path)} of the context on stdin is a link out of it`);
}
