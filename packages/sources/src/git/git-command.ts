// SPDX-License-Identifier: MIT
import type { ChildProcess } from 'node:child_process';
import type { AbortOptions } from '@img-build/interfaces';
import { withoutSecrets } from '../remote/shown-url.ts';
import { SourceError } from '../source-error.ts';

/** How git is run. */
export interface GitCommandOptions extends AbortOptions {
  /** The repository's folder. */
  readonly repository?: string | undefined;
  /** All of the environment; see `gitEnvironment`. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds without any output after which git is stopped; for commands that talk to a server. */
  readonly stalled?: number | undefined;
  /** Bytes that a file git writes may have. */
  readonly maxBytes: number;
  readonly input?: string | undefined;
}

/** Bytes of output beyond which git is stopped; the list of all files of a very large repository fits. */
const MAX_OUTPUT = 256 * 1024 * 1024;
/** Characters of what git complained about that are kept. */
const MAX_COMPLAINT = 8192;
const BLOCK = 512;
const NOT_FOUND = 127;

/**
 * Runs git and gives what it printed. Nothing of the repository is run: no hooks, no filters, no helpers.
 *
 * @throws SourceError `SOURCE_GIT_FAILED`, `SOURCE_TOO_LARGE`
 */
export async function git(args: readonly string[], options: GitCommandOptions): Promise<string> {
  const { repository, env, signal, maxBytes, input } = options;
  signal?.throwIfAborted();
  // Files get the modes that git records, whatever the user's umask is, and none can fill the disk.
  const script = `umask 022; ulimit -f ${Math.ceil(maxBytes / BLOCK)}; exec git "$@"`;
  const where = repository === undefined ? [] : [`--git-dir=${repository}`];
  const { spawn } = await import('node:child_process');
  // A group of its own, because git's helpers do not end with git.
  const child = spawn('/bin/sh', ['-c', script, 'git', ...where, ...args], {
    cwd: '/',
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const stop = (): void => killGroup(child);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await outputOf(child, args, options);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function outputOf(
  child: ChildProcess,
  args: readonly string[],
  { signal, stalled, maxBytes }: GitCommandOptions,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let size = 0;
  let complaint = '';
  let reason: SourceError | undefined;
  const giveUp = (error: SourceError): void => {
    reason ??= error;
    killGroup(child);
  };
  const timer =
    stalled === undefined
      ? undefined
      : setTimeout(
          () => giveUp(failed(args, `the server sent nothing for ${stalled / 1000} seconds`)),
          stalled,
        );
  child.stdout?.on('data', (chunk: Buffer) => {
    timer?.refresh();
    size += chunk.length;
    if (size > MAX_OUTPUT) giveUp(tooLarge(`git ${nameOf(args)} printed more than ${MAX_OUTPUT} bytes`));
    else chunks.push(chunk);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    timer?.refresh();
    complaint = (complaint + chunk.toString('utf8')).slice(-MAX_COMPLAINT);
  });
  child.once('error', reject);
  child.once('close', (code, killedBy) => {
    if (signal?.aborted === true) reject(signal.reason);
    else if (reason !== undefined) reject(reason);
    else if (code === 0) resolve(Buffer.concat(chunks).toString('utf8'));
    else if (killedBy === 'SIGXFSZ' || /File too large|signal 25/.test(complaint))
      reject(tooLarge(`the git repository has a file of more than ${maxBytes} bytes`));
    else reject(failure(args, code, complaint));
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

function failure(args: readonly string[], status: number | null, stderr: string): SourceError {
  if (status === NOT_FOUND)
    return new SourceError('git is not installed', {
      code: 'SOURCE_GIT_FAILED',
      hint: 'install it, for example with: apt-get install git',
    });
  const told = stderr
    .split(/[\r\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(?:hint:|warning:|remote: (?:Counting|Compressing|Total))/.test(line))
    .slice(-3)
    .map(withoutSecrets)
    .join('; ');
  return failed(args, told === '' ? 'it printed no reason' : told);
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /could not read Username|Authentication failed|returned error: 40[13]/,
    'give a token with --secret id=GIT_AUTH_TOKEN,env=NAME',
  ],
  [/not valid: is this a git repository/, 'the server answered with something else than a git repository'],
  [/Permission denied \(publickey/, 'give a key with --ssh default'],
];

function failed(args: readonly string[], told: string): SourceError {
  const hint = HINTS.find(([pattern]) => pattern.test(told))?.[1];
  return new SourceError(`git ${nameOf(args)} failed: ${told}`, {
    code: 'SOURCE_GIT_FAILED',
    ...(hint === undefined ? {} : { hint }),
  });
}

function tooLarge(message: string): SourceError {
  return new SourceError(message, { code: 'SOURCE_TOO_LARGE' });
}

function nameOf(args: readonly string[]): string {
  return args.find((word) => /^[a-z][a-z-]*$/.test(word)) ?? '';
}
