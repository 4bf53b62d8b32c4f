// SPDX-License-Identifier: MIT
import { type ChildProcess, spawn } from 'node:child_process';
import type { Identity } from './identity.ts';

/** How to run a program. */
export interface RunOptions {
  /** Who runs it; the tests' own user when left out. */
  readonly as?: Identity | undefined;
  readonly cwd?: string | undefined;
  readonly input?: string | Uint8Array | undefined;
  /** Leaves stdin to the caller. */
  readonly openInput?: boolean | undefined;
  /** Added to a minimal environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** The program is killed, and the run rejected, after this many milliseconds. */
  readonly timeout?: number | undefined;
}

/** What became of it. */
export interface RunResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Buffer;
}

/** A program that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly result: Promise<RunResult>;
}

/** Where programs are looked for, also those that a user's PATH may lack. */
export const PROGRAM_PATH: string = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`;

/** Starts a program with an environment of its own: nothing of the tests' certificates and Node.js options. */
export function start(command: string, args: readonly string[], options: RunOptions = {}): Running {
  const { as, cwd, input, openInput = false, env, timeout = 100_000 } = options;
  const child = spawn(command, args, {
    cwd: cwd ?? '/',
    env: { PATH: PROGRAM_PATH, LC_ALL: 'C.UTF-8', ...environmentOf(as), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(as === undefined || as.uid === process.getuid?.() ? {} : { uid: as.uid, gid: as.gid }),
  });
  return { child, result: collect(child, { command, args, input, openInput, timeout }) };
}

/** Runs a program to its end, whatever its exit code. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  return await start(command, args, options).result;
}

/** Runs a program that has to succeed; rejects with what it printed when it does not. */
export async function must(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const result = await run(command, args, options);
  if (result.code === 0) return result;
  throw new Error(
    `${command} ${args.join(' ')} ended with ${result.code ?? result.signal}\n${result.stderr}\n${result.stdout.slice(-4000)}`,
  );
}

function environmentOf(identity: Identity | undefined): Record<string, string> {
  return identity === undefined
    ? { HOME: process.env['HOME'] ?? '/' }
    : { HOME: identity.home, USER: identity.user, LOGNAME: identity.user };
}

interface Collecting {
  readonly command: string;
  readonly args: readonly string[];
  readonly input: string | Uint8Array | undefined;
  readonly openInput: boolean;
  readonly timeout: number;
}

async function collect(
  child: ChildProcess,
  { command, args, input, openInput, timeout }: Collecting,
): Promise<RunResult> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  // A program may end without reading all of its input.
  child.stdin?.on('error', () => {});
  if (!openInput) child.stdin?.end(input);
  const { promise, resolve, reject } = Promise.withResolvers<RunResult>();
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    reject(
      new Error(
        `${command} ${args.join(' ')} took more than ${timeout} ms\n${Buffer.concat(err).toString()}`,
      ),
    );
  }, timeout);
  child.once('error', (error) => reject(new Error(`${command}: ${error.message}`)));
  child.once('close', (code, signal) => {
    const stdoutBytes = Buffer.concat(out);
    resolve({
      code,
      signal,
      stdout: stdoutBytes.toString('utf8'),
      stderr: Buffer.concat(err).toString('utf8'),
      stdoutBytes,
    });
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
