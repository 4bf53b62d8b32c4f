// SPDX-License-Identifier: MIT
import type { SourceRange } from './source-range.ts';

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
  readonly valueRange: SourceRange;
}

/** A leading `--name[=value]`, quotes and escapes removed. */
export interface Flag {
  readonly name: string;
  /** `null` when written without `=`. */
  readonly value: string | null;
  readonly range: SourceRange;
  /** What stands behind the `=`; `null` when written without. */
  readonly valueRange: SourceRange | null;
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
  /** Their ranges include the quotation marks. */
  readonly args: readonly Word[];
  readonly range: SourceRange;
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
 * Tabs of `<<-` are already removed from `heredoc-script` and `heredoc-file`. Ranges cover the command without the bodies.
 */
export type RunCommand =
  | ExecForm
  | ShellForm
  | { readonly form: 'heredoc-script'; readonly text: string; readonly range: SourceRange }
  | {
      readonly form: 'heredoc-file';
      readonly name: string;
      readonly text: string;
      readonly range: SourceRange;
    }
  | { readonly form: 'heredoc-shell'; readonly text: string; readonly range: SourceRange };

/** One `key[=value]` of a mount, value unexpanded. */
export interface MountOption {
  /** Lower-cased. */
  readonly key: string;
  /** `null` when written without `=`. */
  readonly value: string | null;
  /** The field as written, for messages. */
  readonly field: string;
  readonly range: SourceRange;
  /** What stands behind the `=`; `null` when written without. */
  readonly valueRange: SourceRange | null;
}

/** `RUN --mount=`; {@link resolveMount} expands, checks and types it. The range is that of the flag's value. */
export interface RunMount {
  /** The flag's value. */
  readonly text: string;
  readonly options: readonly MountOption[];
  readonly range: SourceRange;
}

/** `RUN --device=`. The range is that of the flag's value. */
export interface RunDevice {
  readonly name: string;
  readonly required: boolean;
  readonly range: SourceRange;
}

/** `key=value` of ENV, LABEL. Both sides are unexpanded and still quoted. */
export interface KeyValue {
  readonly key: Word;
  readonly value: Word;
  readonly range: SourceRange;
}

/** One declaration of ARG. */
export interface ArgDeclaration {
  readonly name: Word;
  /** `null` when there is no `=`: the argument has no default. */
  readonly value: Word | null;
  /** Text of a comment above the instruction that starts with the name, without the name. */
  readonly description: string;
  readonly range: SourceRange;
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
