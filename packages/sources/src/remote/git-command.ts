// SPDX-License-Identifier: MIT
import { execFile } from 'node:child_process';
import type { AbortOptions } from '@img-build/interfaces';
import { SourceError } from '../source-error.ts';
import { withoutSecrets } from './shown-url.ts';

/** How git is run. */
export interface GitCommandOptions extends AbortOptions {
  /** The repository's folder. */
  readonly repository?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Bytes of output beyond which git is stopped; a list of all refs of a very large repository fits. */
const MAX_OUTPUT = 64 * 1024 * 1024;

/** Nothing asks, nothing runs hooks, and only transports that talk to a repository are allowed. */
const SETTINGS = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_ALLOW_PROTOCOL: 'http:https:git:ssh:file',
  GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
  GIT_CONFIG_NOSYSTEM: '1',
  LC_ALL: 'C',
};

/**
 * Runs git and gives what it printed.
 *
 * @throws SourceError `SOURCE_GIT_FAILED`
 */
export async function git(
  args: readonly string[],
  { repository, env, signal }: GitCommandOptions,
): Promise<string> {
  const where = repository === undefined ? [] : [`--git-dir=${repository}`];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = {
    env: { ...env, ...SETTINGS },
    maxBuffer: MAX_OUTPUT,
    encoding: 'utf8' as const,
    ...(signal === undefined ? {} : { signal }),
  };
  // Files get the modes that git records, whatever the user's umask is.
  const command = [
    '-c',
    'umask 022 && exec git "$@"',
    'git',
    '-c',
    'core.hooksPath=/dev/null',
    ...where,
    ...args,
  ];
  const child = execFile('/bin/sh', command, options, (error, stdout, stderr) => {
    if (error === null) return resolve(stdout);
    if (signal?.aborted === true) return reject(signal.reason);
    reject(failure(args, error.code, stderr));
  });
  child.stdin?.end();
  return promise;
}

const NOT_FOUND = 127;

function failure(args: readonly string[], status: unknown, stderr: string): SourceError {
  if (status === NOT_FOUND)
    return new SourceError('git is not installed', {
      code: 'SOURCE_GIT_FAILED',
      hint: 'install it, for example with: apt-get install git',
    });
  const told = stderr.trim().split('\n').slice(-3).map(withoutSecrets).join('; ');
  const command = args.find((word) => /^[a-z][a-z-]*$/.test(word)) ?? '';
  return new SourceError(`git ${command} failed: ${told === '' ? 'it printed no reason' : told}`, {
    code: 'SOURCE_GIT_FAILED',
  });
}
