// SPDX-License-Identifier: MIT
import type {
  ArgDeclaration,
  CommandForm,
  Comment,
  CopySource,
  Flag,
  Heredoc,
  KeyValue,
  RunCommand,
  RunDevice,
  RunMount,
  Word,
} from './ast.ts';
import type { SourceRange } from './source-range.ts';

/** What every instruction has. */
export interface InstructionBase {
  /** The instruction word as written. */
  readonly keyword: string;
  readonly keywordRange: SourceRange;
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
