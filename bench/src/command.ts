// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Account } from './account.ts';
import { createMemorySampler } from './memory.ts';

/** One program to run; `argv[0]` is looked up on PATH. */
export interface Command {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** What one run of a command took. */
export interface Measurement {
  /** Seconds from start to end of the whole command. */
  readonly wall: number;
  /** Seconds of processor time of the command and everything it waited for. */
  readonly cpu: number;
  /** Highest sum over the process tree, in bytes; only in a sampled run. */
  readonly memory?: number;
}

export interface CommandRunner {
  /** @throws Error with the last lines of output when the command fails or takes longer than five minutes. */
  run(command: Command, options?: { readonly sampleMemory?: boolean }): Promise<Measurement>;
}

const TIME_LIMIT = 300_000;

/** bash's own `time` counts what was waited for at any depth, which Node.js does not tell. */
const TIMED = 'exec 4>&2; TIMEFORMAT="%3R %3U %3S"; { time "$@" 2>&4 3>&- 4>&-; } 2>&3';

/** Runs commands as `account`, without the caller's environment; output goes to `log`. */
export function createCommandRunner(account: Account, log: string, signal: AbortSignal): CommandRunner {
  const identity = process.getuid?.() === account.uid ? {} : { uid: account.uid, gid: account.gid };
  return {
    async run({ argv, env, cwd }, { sampleMemory = false } = {}) {
      const output = openSync(log, 'w');
      const child = spawn('bash', ['-c', TIMED, 'bash', ...argv], {
        ...identity,
        cwd: cwd ?? account.home,
        detached: true,
        stdio: ['ignore', output, output, 'pipe'],
        env: {
          PATH: `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`,
          HOME: account.home,
          USER: account.name,
          LOGNAME: account.name,
          XDG_RUNTIME_DIR: account.runtimeFolder,
          LANG: 'C.UTF-8',
          ...env,
        },
      });
      closeSync(output);
      const stop = () => {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      };
      const deadline = setTimeout(stop, TIME_LIMIT);
      signal.addEventListener('abort', stop, { once: true });
      const sampler = sampleMemory && child.pid !== undefined ? createMemorySampler(child.pid) : undefined;
      try {
        const ended = new Promise<number | null>((resolve, reject) => {
          child.once('error', reject);
          child.once('exit', resolve);
        });
        const [status, times] = await Promise.all([ended, text(child.stdio[3] as Readable)]);
        signal.throwIfAborted();
        const [wall = Number.NaN, user = 0, system = 0] = times.trim().split(' ').map(Number);
        if (status !== 0) throw new Error(`${argv.join(' ')}: exit code ${status}\n${tailOf(log)}`);
        const memory = sampler?.peak();
        return { wall, cpu: user + system, ...(memory === undefined ? {} : { memory }) };
      } finally {
        sampler?.stop();
        clearTimeout(deadline);
        signal.removeEventListener('abort', stop);
      }
    },
  };
}

function tailOf(log: string): string {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-12).join('\n');
}
