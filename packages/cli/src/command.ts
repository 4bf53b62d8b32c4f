// SPDX-License-Identifier: MIT
import type { Services } from './wiring/services.ts';

/** A flag of a command. */
export interface Flag {
  /** Long name, without dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** `list` may be given several times. */
  readonly type: 'boolean' | 'string' | 'list';
  /** What help calls its value; default: its type. */
  readonly value?: string;
  /** Value of the flag when it is given without one; then a value can only follow after `=`. */
  readonly implied?: string;
  readonly description: string;
  /** Shown in help. */
  readonly default?: string;
  /** Understood but left out of help: spellings that users of docker type. */
  readonly hidden?: boolean;
  /** Listed in a block of its own at the end of the help, behind the flags that every user needs. */
  readonly more?: boolean;
}

/** What the user typed, by flag name. */
export interface ParsedArguments {
  readonly positionals: readonly string[];
  /** True when a boolean flag was given. */
  is(flag: string): boolean;
  /** The last value given, or `undefined`. */
  text(flag: string): string | undefined;
  list(flag: string): readonly string[];
}

/** Where a command reads and writes. */
export interface CommandIo {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Writes a line to stdout. */
  print(line: string): void;
  /** Writes a line to stderr, beside whatever is drawn there. */
  say(line: string): void;
  /** Who draws on stderr makes room for lines that are said meanwhile. */
  readonly aside: { makeRoom(): void };
}

/** What a command runs with. */
export interface CommandContext {
  readonly args: ParsedArguments;
  readonly io: CommandIo;
  readonly services: Services;
  readonly signal: AbortSignal;
  readonly debug: boolean;
}

/** One command of the program. */
export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** After the name: `[OPTIONS] PATH`. */
  readonly usage: string;
  readonly flags: readonly Flag[];
  /** How many positional arguments it takes. */
  readonly positionals: { readonly min: number; readonly max: number };
  /** Resolves to the exit code; 0 when it resolves to nothing. */
  run(context: CommandContext): Promise<number | void>;
}
