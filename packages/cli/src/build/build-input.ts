// SPDX-License-Identifier: MIT
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { isSystemError } from '@img-build/errors';
import { parseIgnoreFile } from '@img-build/path-patterns';
import type { CommandIo } from '../command.ts';
import { readStandardInput, standardInput } from '../standard-input.ts';
import { UsageError } from '../usage-error.ts';

/** What a build reads. */
export interface BuildInput {
  /** Folder of the context. */
  readonly folder: string;
  readonly dockerfile: { readonly name: string; readonly text: string };
  /** Rules of the ignore file. */
  readonly ignore: readonly string[];
  /** Removes what was made for the build. */
  close(): void;
}

/** Bytes of a Dockerfile or ignore file. */
const MAX_FILE = 16 * 1024 * 1024;
const DEFAULT_NAME = 'Dockerfile';

/** Finds the context and the Dockerfile. `context` is a folder or `-`; `file` the value of `--file`. */
export async function openBuildInput(
  io: CommandIo,
  context: string,
  file: string | undefined,
  signal: AbortSignal,
): Promise<BuildInput> {
  if (/^(https?|git|ssh):\/\/|^git@|^github\.com\//.test(context)) {
    throw new UsageError(
      `${context} is a URL: only a folder or - can be the context`,
      'fetch it first and build the folder',
    );
  }
  if (context === '-') {
    if (file === '-')
      throw new UsageError("invalid argument: can't use stdin for both build context and dockerfile");
    return await openStandardInput(io, file, signal);
  }
  const folder = resolve(context);
  requireFolder(folder, context);
  if (file !== '-') return fromFolder(folder, file === undefined ? findDockerfile(folder) : resolve(file));
  const text = decode(await readStandardInput(io.stdin, MAX_FILE, signal));
  return {
    folder,
    dockerfile: { name: DEFAULT_NAME, text },
    ignore: ignoreRules(folder, undefined),
    close() {},
  };
}

/** stdin is a Dockerfile, or a tar archive that is the context. */
async function openStandardInput(
  io: CommandIo,
  file: string | undefined,
  signal: AbortSignal,
): Promise<BuildInput> {
  if (io.stdin.isTTY)
    throw new UsageError(
      'stdin is a terminal: nothing to build',
      'pipe a Dockerfile or a tar archive into img build -',
    );
  const folder = mkdtempSync(join(tmpdir(), 'img-context-'));
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const { extractContext } = await import('./stdin-context.ts');
    const text = await extractContext(standardInput(io.stdin, signal), folder, { signal, maxText: MAX_FILE });
    if (text !== undefined)
      return { folder, dockerfile: { name: DEFAULT_NAME, text: decode(text) }, ignore: [], close };
    const name = file ?? basename(findDockerfile(folder));
    return { ...fromFolder(folder, join(folder, join('/', name))), close };
  } catch (error) {
    close();
    throw error;
  }
}

function fromFolder(folder: string, path: string): BuildInput {
  const text = decode(readInputFile(path, 'failed to read dockerfile'));
  return {
    folder,
    dockerfile: { name: basename(path), text },
    ignore: ignoreRules(folder, path),
    close() {},
  };
}

/** `Dockerfile`, and where there is none its lower-case spelling. */
function findDockerfile(folder: string): string {
  const wanted = join(folder, DEFAULT_NAME);
  const lower = join(folder, DEFAULT_NAME.toLowerCase());
  return !existsSync(wanted) && existsSync(lower) ? lower : wanted;
}

/** `<Dockerfile>.dockerignore` beside the Dockerfile wins; else `.dockerignore` of the context. */
function ignoreRules(folder: string, dockerfile: string | undefined): readonly string[] {
  const own = dockerfile === undefined ? undefined : `${dockerfile}.dockerignore`;
  const path = own !== undefined && existsSync(own) ? own : join(folder, '.dockerignore');
  if (!existsSync(path)) return [];
  try {
    return parseIgnoreFile(decode(readInputFile(path, 'failed to read')));
  } catch (cause) {
    throw new UsageError(`failed parsing ${path}: ${(cause as Error).message}`);
  }
}

function requireFolder(folder: string, shown: string): void {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new UsageError(`unable to prepare context: path ${JSON.stringify(shown)} not found`);
  if (!stat.isDirectory())
    throw new UsageError(`unable to prepare context: ${JSON.stringify(shown)} is not a directory`);
}

/** Opened without waiting for a writer, so that a FIFO is an error and not a hang. */
function readInputFile(path: string, what: string): Uint8Array {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const reason = error.code === 'ENOENT' ? 'no such file or directory' : error.message;
    throw new UsageError(
      `${what}: open ${path}: ${reason}`,
      error.code === 'ENOENT' ? 'name the Dockerfile with -f' : undefined,
    );
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile())
      throw new UsageError(
        `${what}: ${path} is ${stat.isDirectory() ? 'a directory' : 'not a regular file'}`,
      );
    if (stat.size > MAX_FILE) throw new UsageError(`${what}: ${path} has more than ${MAX_FILE} bytes`);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
