// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';
import type { ContainerExit, ContainerOutput, ContainerSpec, Executor } from '@img-build/interfaces';

/** What a fake command does; `undefined` when there is no such command. */
export type FakeCommand = (
  spec: ContainerSpec,
  output: ContainerOutput,
  signal: AbortSignal | undefined,
) => Promise<number> | number | undefined;

/** An {@link Executor} that runs nothing; remembers what it was asked to run. */
export interface FakeExecutor extends Executor {
  readonly ran: readonly ContainerSpec[];
}

/** Runs `command` for every container; by default a shell of five words: see {@link tinyShell}. */
export function createFakeExecutor(command: FakeCommand = tinyShell): FakeExecutor {
  const ran: ContainerSpec[] = [];
  return {
    ran,
    async run(spec, output, { signal } = {}): Promise<ContainerExit> {
      signal?.throwIfAborted();
      ran.push(spec);
      const exitCode = await command(spec, output, signal);
      signal?.throwIfAborted();
      if (exitCode === undefined)
        throw new ToolError(`${spec.args[0] ?? ''}: not found in the container`, {
          code: 'EXECUTOR_COMMAND_NOT_FOUND',
        });
      return { exitCode };
    },
  };
}

/** Knows `echo WORD [>&2]`, `false`, `exit CODE`, `sleep` (until the abort) and `sh -c` with these, separated by `;`. */
export function tinyShell(
  { args }: ContainerSpec,
  output: ContainerOutput,
  signal: AbortSignal | undefined,
): Promise<number> | undefined {
  const [program = '', ...rest] = args;
  const name = program.replace(/^\/bin\//, '');
  if (name === 'sh') return runScript(rest[1] ?? '', output, signal);
  return KNOWN.has(name) ? runScript([name, ...rest].join(' '), output, signal) : undefined;
}

const KNOWN = new Set(['echo', 'false', 'exit', 'sleep']);

async function runScript(
  script: string,
  output: ContainerOutput,
  signal: AbortSignal | undefined,
): Promise<number> {
  let code = 0;
  for (const line of script.split(';')) {
    const [name, ...words] = line.trim().split(' ');
    if (name === 'echo') {
      const toStderr = words.at(-1) === '>&2';
      const text = Buffer.from(`${(toStderr ? words.slice(0, -1) : words).join(' ')}\n`);
      if (toStderr) output.stderr(text);
      else output.stdout(text);
    } else if (name === 'sleep' && signal?.aborted === false)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    else code = name === 'false' ? 1 : name === 'exit' ? Number(words[0]) : code;
  }
  return code;
}
