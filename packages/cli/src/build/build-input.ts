// SPDX-License-Identifier: MIT
import { isUtf8 } from 'node:buffer';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { isSystemError, messageOf } from '@img-build/errors';
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

/** What the user named. */
export interface BuildInputNames {
  /** A folder or `-`. */
  readonly context: string;
  /** The value of `--file`. */
  readonly file: string | undefined;
}

/** How input is read. */
export interface BuildInputOptions {
  readonly signal: AbortSignal;
  /** Shows reading as a step; `transfer` calls what is read by a name. */
  readonly load: LoadStep;
}

/** Runs `read` as a step of the build; the bytes it resolves to are shown as transferred. */
export type LoadStep = (
  step: string,
  transfer: string,
  read: () => Promise<Uint8Array>,
) => Promise<Uint8Array>;

/**
 * Finds the context and reads the Dockerfile and the ignore file.
 *
 * @throws UsageError
 */
export async function openBuildInput(
  io: CommandIo,
  { context, file }: BuildInputNames,
  options: BuildInputOptions,
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
    return await openStandardInput(io, file, options);
  }
  const folder = resolve(context);
  requireFolder(folder, context);
  if (file !== '-')
    return await fromFolder(folder, file === undefined ? findDockerfile(folder) : resolve(file), options);
  refuseTerminal(io, 'pipe a Dockerfile into img build -f -');
  const bytes = await loadDockerfile(DEFAULT_NAME, options, () =>
    readStandardInput(io.stdin, MAX_FILE, options.signal),
  );
  return {
    folder,
    dockerfile: { name: DEFAULT_NAME, text: decode(bytes, DEFAULT_NAME) },
    ignore: await ignoreRules(folder, undefined, options),
    close() {},
  };
}

function refuseTerminal({ stdin }: CommandIo, wayOut: string): void {
  if (stdin.isTTY) throw new UsageError('stdin is a terminal: nothing to build', wayOut);
}

async function loadDockerfile(
  name: string,
  { load }: BuildInputOptions,
  read: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  return await load(`[internal] load build definition from ${name}`, 'transferring dockerfile:', read);
}

/** stdin is a Dockerfile, or a tar archive that is the context. */
async function openStandardInput(
  io: CommandIo,
  file: string | undefined,
  options: BuildInputOptions,
): Promise<BuildInput> {
  refuseTerminal(io, 'pipe a Dockerfile or a tar archive into img build -');
  const { signal } = options;
  const folder = mkdtempSync(join(tmpdir(), 'img-context-'));
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const { extractContext } = await import('./stdin-context.ts');
    const text = await extractContext(standardInput(io.stdin, signal), folder, { signal, maxText: MAX_FILE });
    if (text !== undefined) {
      const bytes = await loadDockerfile(DEFAULT_NAME, options, async () => text);
      return {
        folder,
        dockerfile: { name: DEFAULT_NAME, text: decode(bytes, DEFAULT_NAME) },
        ignore: [],
        close,
      };
    }
    const path = file === undefined ? findDockerfile(folder) : join(folder, join('/', file));
    requireInside(folder, path);
    return { ...(await fromFolder(folder, path, options)), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** An archive may hold links to anywhere; what it names is read only inside it. */
function requireInside(folder: string, path: string): void {
  for (const each of [path, `${path}.dockerignore`, join(folder, '.dockerignore')]) {
    if (!existsSync(each) || realpathSync(each).startsWith(`${realpathSync(folder)}/`)) continue;
    throw new UsageError(`${relative(folder, each)} of the context on stdin is a link out of it`);
  }
}

async function fromFolder(folder: string, path: string, options: BuildInputOptions): Promise<BuildInput> {
  const name = basename(path);
  const bytes = await loadDockerfile(name, options, async () =>
    readInputFile(path, 'failed to read dockerfile'),
  );
  return {
    folder,
    dockerfile: { name, text: decode(bytes, name) },
    ignore: await ignoreRules(folder, path, options),
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
async function ignoreRules(
  folder: string,
  dockerfile: string | undefined,
  { load }: BuildInputOptions,
): Promise<readonly string[]> {
  const own = dockerfile === undefined ? undefined : `${dockerfile}.dockerignore`;
  const path = own !== undefined && existsSync(own) ? own : join(folder, '.dockerignore');
  const text = await load(`[internal] load ${basename(path)}`, 'transferring context:', async () =>
    existsSync(path) ? readInputFile(path, 'failed to read') : new Uint8Array(),
  );
  try {
    return parseIgnoreFile(decode(text, basename(path)));
  } catch (cause) {
    throw new UsageError(`failed parsing ${path}: ${messageOf(cause)}`);
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

/** Wrong bytes are refused: replaced ones would end up in labels, commands and file names. */
function decode(bytes: Uint8Array, name: string): string {
  const text = Buffer.from(bytes).toString('utf8');
  const lines = isUtf8(bytes) ? [] : text.split('\n');
  if (lines.length === 0) return text;
  const line = lines.findIndex((each) => each.includes('\u{fffd}')) + 1;
  throw new UsageError(`${name} is not valid UTF-8: line ${line}`, 'save it as UTF-8');
}
