// SPDX-License-Identifier: MIT
import type { Diagnostic } from './diagnostic.ts';
import type { SourceRange } from './source-range.ts';
import type { SyntaxTree } from './syntax-tree.ts';

/** The two characters `# escape=` allows. */
export type EscapeCharacter = '\\' | '`';

/** A piece of an instruction, as written but with continuations joined: quotes, escapes and variables are untouched. */
export interface Word {
  readonly value: string;
  readonly range: SourceRange;
}

/** A comment line above an instruction. */
export interface Comment {
  /** Text after `#`, trimmed. */
  readonly text: string;
  readonly range: SourceRange;
}

/** A `# name=value` line at the top of the file. */
export interface Directive {
  readonly name: 'syntax' | 'escape' | 'check';
  readonly value: string;
  readonly range: SourceRange;
}

/** A leading `--name[=value]`, quotes and escapes removed. */
export interface Flag {
  readonly name: string;
  /** `null` when written without `=`. */
  readonly value: string | null;
  readonly range: SourceRange;
}

/** `[fd]<<[-]NAME` with the lines that follow the instruction. */
export interface Heredoc {
  readonly name: string;
  /** `0` when none was written. */
  readonly fileDescriptor: number;
  /** False when any part of the word was quoted: variables in the body then stay as they are. */
  readonly expand: boolean;
  /** True for `<<-`. The body still has its tabs; {@link chompHeredoc} removes them. */
  readonly chomp: boolean;
  /** Lines between instruction and terminator with their line endings, exactly as written. */
  readonly body: string;
  readonly bodyRange: SourceRange;
  /** Where the `<<NAME` word stands. */
  readonly range: SourceRange;
}

/** JSON form: the words are final, no shell is involved. */
export interface ExecForm {
  readonly form: 'exec';
  readonly args: readonly Word[];
}

/** Shell form: one text for the current SHELL, continuations joined and comment lines removed. */
export interface ShellForm {
  readonly form: 'shell';
  readonly text: string;
  readonly range: SourceRange;
}

/** How CMD, ENTRYPOINT and HEALTHCHECK CMD say what to start. */
export type CommandForm = ExecForm | ShellForm;

/**
 * What RUN executes.
 *
 * - `heredoc-script`: the command is only a heredoc, its body is the text for the SHELL.
 * - `heredoc-file`: the same, but the body starts with `#!` and is to be executed as a file called `name`.
 * - `heredoc-shell`: a command with heredocs in it; `text` has the bodies appended so that a POSIX shell reads them itself.
 *
 * Tabs of `<<-` are already removed from `heredoc-script` and `heredoc-file`.
 */
export type RunCommand =
  | ExecForm
  | ShellForm
  | { readonly form: 'heredoc-script'; readonly text: string }
  | { readonly form: 'heredoc-file'; readonly name: string; readonly text: string }
  | { readonly form: 'heredoc-shell'; readonly text: string };

/** One `key[=value]` of a mount, value unexpanded. */
export interface MountOption {
  /** Lower-cased. */
  readonly key: string;
  /** `null` when written without `=`. */
  readonly value: string | null;
  /** The field as written, for messages. */
  readonly field: string;
}

/** `RUN --mount=`; {@link resolveMount} expands, checks and types it. */
export interface RunMount {
  /** The flag's value. */
  readonly text: string;
  readonly options: readonly MountOption[];
  readonly range: SourceRange;
}

/** `RUN --device=`. */
export interface RunDevice {
  readonly name: string;
  readonly required: boolean;
  readonly range: SourceRange;
}

/** `key=value` of ENV, LABEL. Both sides are unexpanded and still quoted. */
export interface KeyValue {
  readonly key: Word;
  readonly value: Word;
}

/** One declaration of ARG. */
export interface ArgDeclaration {
  readonly name: Word;
  /** `null` when there is no `=`: the argument has no default. */
  readonly value: Word | null;
  /** Text of a comment above the instruction that starts with the name, without the name. */
  readonly description: string;
}

/** A source of COPY or ADD: a path (or URL), or the content of a heredoc. */
export type CopySource =
  | { readonly type: 'path'; readonly value: string; readonly range: SourceRange }
  | {
      readonly type: 'heredoc';
      /** Name of the file to write. */
      readonly name: string;
      /** Content with `<<-` tabs removed, not yet expanded. */
      readonly content: string;
      readonly expand: boolean;
      readonly range: SourceRange;
    };

/** What every instruction has. */
export interface InstructionBase {
  /** The instruction word as written. */
  readonly keyword: string;
  /** The instruction on one line: continuations joined, comments removed, trimmed; heredoc bodies left out. For step names and history. */
  readonly original: string;
  /** From the keyword to the end of the last line, heredocs included. */
  readonly range: SourceRange;
  readonly flags: readonly Flag[];
  readonly heredocs: readonly Heredoc[];
  /** Comment lines since the previous instruction; an empty comment line drops those before it. */
  readonly comments: readonly Comment[];
  /** Index into `tree.items`. For an ONBUILD trigger the item of the ONBUILD. */
  readonly item: number;
}

export interface FromInstruction extends InstructionBase {
  readonly kind: 'from';
  readonly base: Word;
  readonly platform: Word | null;
  /** Lower-cased stage name; `null` without AS. */
  readonly name: string | null;
  /** The name as written. */
  readonly alias: Word | null;
  /** The word `AS` as written. */
  readonly as: Word | null;
  /** Text of a comment above that starts with the stage name. */
  readonly description: string;
}

export interface RunInstruction extends InstructionBase {
  readonly kind: 'run';
  readonly command: RunCommand;
  readonly mounts: readonly RunMount[];
  readonly devices: readonly RunDevice[];
  /** `null` without the flag. */
  readonly network: 'default' | 'none' | 'host' | null;
  /** `null` without the flag. */
  readonly security: 'sandbox' | 'insecure' | null;
}

export interface CmdInstruction extends InstructionBase {
  readonly kind: 'cmd';
  readonly command: CommandForm;
}

export interface EntrypointInstruction extends InstructionBase {
  readonly kind: 'entrypoint';
  readonly command: CommandForm;
}

interface TransferBase extends InstructionBase {
  /** In the order written. */
  readonly sources: readonly CopySource[];
  readonly destination: Word;
  readonly chown: Word | null;
  readonly chmod: Word | null;
  readonly link: boolean;
  readonly excludes: readonly Word[];
}

export interface CopyInstruction extends TransferBase {
  readonly kind: 'copy';
  readonly from: Word | null;
  readonly parents: boolean;
}

export interface AddInstruction extends TransferBase {
  readonly kind: 'add';
  readonly checksum: Word | null;
  /** `null` without the flag. */
  readonly keepGitDir: boolean | null;
  /** `null` without the flag: archives from the context are unpacked, downloads are not. */
  readonly unpack: boolean | null;
}

export interface EnvInstruction extends InstructionBase {
  readonly kind: 'env';
  readonly pairs: readonly KeyValue[];
  /** True for `ENV key value`. */
  readonly legacy: boolean;
}

export interface LabelInstruction extends InstructionBase {
  readonly kind: 'label';
  readonly pairs: readonly KeyValue[];
  /** True for `LABEL key value`. */
  readonly legacy: boolean;
}

export interface ArgInstruction extends InstructionBase {
  readonly kind: 'arg';
  readonly declarations: readonly ArgDeclaration[];
}

export interface ExposeInstruction extends InstructionBase {
  readonly kind: 'expose';
  readonly ports: readonly Word[];
}

export interface UserInstruction extends InstructionBase {
  readonly kind: 'user';
  readonly user: Word;
}

export interface WorkdirInstruction extends InstructionBase {
  readonly kind: 'workdir';
  readonly path: Word;
}

export interface VolumeInstruction extends InstructionBase {
  readonly kind: 'volume';
  readonly paths: readonly Word[];
}

export interface StopsignalInstruction extends InstructionBase {
  readonly kind: 'stopsignal';
  readonly signal: Word;
}

export interface ShellInstruction extends InstructionBase {
  readonly kind: 'shell';
  /** At least one word. */
  readonly args: readonly Word[];
}

export interface HealthcheckInstruction extends InstructionBase {
  readonly kind: 'healthcheck';
  /** `null` for `HEALTHCHECK NONE`. */
  readonly command: CommandForm | null;
  /** Durations in nanoseconds, 0 when not given. */
  readonly interval: number;
  readonly timeout: number;
  readonly startPeriod: number;
  readonly startInterval: number;
  /** 0 when not given. */
  readonly retries: number;
}

export interface OnbuildInstruction extends InstructionBase {
  readonly kind: 'onbuild';
  /** What is stored in the image config: the trigger on one line, heredoc bodies appended. */
  readonly expression: string;
  readonly trigger: Instruction;
}

export interface MaintainerInstruction extends InstructionBase {
  readonly kind: 'maintainer';
  readonly name: Word;
}

/** A known instruction whose arguments are wrong; a diagnostic of severity `error` says why. */
export interface InvalidInstruction extends InstructionBase {
  readonly kind: 'invalid';
  /** Lower-cased keyword. */
  readonly instruction: string;
  /** Everything after keyword and flags, on one line. */
  readonly arguments: string;
}

/** An instruction word that does not exist. */
export interface UnknownInstruction extends InstructionBase {
  readonly kind: 'unknown';
  /** Everything after keyword and flags, on one line. */
  readonly arguments: string;
}

/** Every instruction; tell them apart by `kind`. */
export type Instruction =
  | AddInstruction
  | ArgInstruction
  | CmdInstruction
  | CopyInstruction
  | EntrypointInstruction
  | EnvInstruction
  | ExposeInstruction
  | FromInstruction
  | HealthcheckInstruction
  | InvalidInstruction
  | LabelInstruction
  | MaintainerInstruction
  | OnbuildInstruction
  | RunInstruction
  | ShellInstruction
  | StopsignalInstruction
  | UnknownInstruction
  | UserInstruction
  | VolumeInstruction
  | WorkdirInstruction;

/** A parsed file. Plain data without cycles: `JSON.parse(JSON.stringify(dockerfile))` equals it. */
export interface Dockerfile {
  readonly tree: SyntaxTree;
  readonly escape: EscapeCharacter;
  readonly directives: readonly Directive[];
  readonly instructions: readonly Instruction[];
  readonly diagnostics: readonly Diagnostic[];
}
