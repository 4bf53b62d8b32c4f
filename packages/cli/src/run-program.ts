// SPDX-License-Identifier: MIT
import type { Command, CommandIo } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { BACKENDS, globalFlags, HELP_FLAG, VERSION_FLAG } from './global-flags.ts';
import { commandHelp, programHelp } from './help.ts';
import { createInterruption, type Interruption } from './interruption.ts';
import { nearest } from './nearest.ts';
import { parseArguments } from './parse-arguments.ts';
import { formatFailure } from './render/failure.ts';
import { SHOW_CURSOR } from './render/terminal-progress.ts';
import { UsageError } from './usage-error.ts';
import { VERSION } from './version.ts';
import { createServices } from './wiring/services.ts';
import { defaultStateFolder } from './wiring/state-folder.ts';

/** What the program is given by its process. */
export type ProgramProcess = Pick<
  NodeJS.Process,
  'stdin' | 'stdout' | 'stderr' | 'env' | 'on' | 'off' | 'exit' | 'cwd'
>;

/** Runs the program; the exit code is 0, 1 for a failure, 130 or 143 after a signal, or what the command says. */
export async function runProgram(argv: readonly string[], host: ProgramProcess): Promise<number> {
  const io = createIo(host);
  const interruption = createInterruption(host, () => {
    if (host.stderr.isTTY) host.stderr.write(SHOW_CURSOR);
  });
  let debug = argv.includes('--debug') || argv.includes('-d');
  const onUncaught = (error: unknown): void => host.exit(fail(error, interruption, io, debug));
  host.on('uncaughtException', onUncaught);
  try {
    const state = defaultStateFolder(host.env);
    const { name, rest } = splitCommand(argv);
    if (name === undefined) return await runWithoutCommand(rest, io, state);
    if (name === 'help') {
      const [topic] = rest.filter((word) => !word.startsWith('-'));
      return await showHelp(topic === 'help' ? undefined : topic, io, state);
    }
    const command = await findCommand(name);
    const flags = [...command.flags, ...globalFlags(state), HELP_FLAG];
    if (wantsHelp(rest)) return await showHelp(name, io, state);
    const args = await parseArguments(rest, flags, command);
    debug = args.is('debug');
    const backend = args.text('backend') ?? (host.env['IMG_BACKEND'] || 'auto');
    if (!BACKENDS.some((each) => each === backend))
      throw new UsageError(`${backend} is not a valid snapshots backend`);
    const services = createServices({
      state: args.text('state') ?? state,
      backend: backend as (typeof BACKENDS)[number],
      debug,
      io,
      env: host.env,
    });
    try {
      return (await command.run({ args, io, services, signal: interruption.signal, debug })) ?? 0;
    } finally {
      await services.close();
    }
  } catch (error) {
    return fail(error, interruption, io, debug);
  } finally {
    host.off('uncaughtException', onUncaught);
    interruption.close();
  }
}

function fail(error: unknown, interruption: Interruption, io: CommandIo, debug: boolean): number {
  if (interruption.exitCode !== undefined) return interruption.exitCode;
  if ((error as { code?: unknown } | null)?.code === 'EPIPE') return 0;
  io.stderr.write(formatFailure(error, { debug }));
  return 1;
}

/** The command is the first word that is no flag and no value of a global flag. */
function splitCommand(argv: readonly string[]): {
  readonly name: string | undefined;
  readonly rest: readonly string[];
} {
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (['-b', '--backend', '-s', '--state'].includes(word)) at++;
    else if (!word.startsWith('-')) return { name: word, rest: argv.toSpliced(at, 1) };
  }
  return { name: undefined, rest: argv };
}

function wantsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? undefined : end).some((word) => word === '--help' || word === '-h');
}

async function runWithoutCommand(argv: readonly string[], io: CommandIo, state: string): Promise<number> {
  const args = await parseArguments(argv, [...globalFlags(state), HELP_FLAG, VERSION_FLAG]);
  if (args.is('version')) io.print(`img version ${VERSION}`);
  else io.stdout.write(programHelp(COMMANDS, state));
  return 0;
}

async function showHelp(name: string | undefined, io: CommandIo, state: string): Promise<number> {
  io.stdout.write(
    name === undefined ? programHelp(COMMANDS, state) : commandHelp(await findCommand(name), state),
  );
  return 0;
}

async function findCommand(name: string): Promise<Command> {
  const entry = COMMANDS.find((each) => each.name === name);
  if (entry !== undefined) return await entry.load();
  const near = nearest(
    name,
    COMMANDS.map((each) => each.name),
  );
  throw new UsageError(
    `img: '${name}' is not an img command${near === undefined ? '' : ` (did you mean ${near}?)`}`,
    "see 'img --help'",
  );
}

function createIo({ stdin, stdout, stderr, exit }: ProgramProcess): CommandIo {
  const aside = { makeRoom: () => {} };
  // A reader that went away (`img ls | head -1`) wants nothing more from us.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') exit(0);
    throw error;
  });
  // Nobody reads progress and messages: no reason to give up the work.
  stderr.on('error', () => {});
  return {
    stdin: stdin as NodeJS.ReadStream,
    stdout: stdout as NodeJS.WriteStream,
    stderr: stderr as NodeJS.WriteStream,
    aside,
    print: (line) => void stdout.write(`${line}\n`),
    say(line) {
      aside.makeRoom();
      stderr.write(`${line}\n`);
    },
  };
}
