// SPDX-License-Identifier: MIT
import type { FromInstruction, Instruction } from '@img-build/dockerfile-parser';
import type { SourceRange } from '@img-build/interfaces';
import { type State, scratch } from '@img-build/llb';
import type { ImageConfig, Platform } from '@img-build/oci';
import type { NamedContext } from '../contexts/named-contexts.ts';
import { Environment } from '../environment.ts';
import { emptyImage, type WorkingImage } from '../image.ts';
import { StageOutline } from '../subrequests/stage-outline.ts';

/** An instruction of a stage with the stages it takes files from. */
export interface Command {
  readonly instruction: Instruction;
  /** By what the instruction calls them: the value of `--from`, or of a mount's `from`. */
  readonly sources: ReadonlyMap<string, Stage>;
  readonly onbuild: boolean;
  /** Lines to blame. */
  readonly range: SourceRange;
}

/** An ARG in effect. */
export interface StageArg {
  readonly name: string;
  readonly value: string | undefined;
}

/**
 * A stage while it is lowered, or an image that COPY --from or a mount names. Mutable: instructions change it one after
 * the other.
 */
export class Stage {
  /** Without AS: `stage-N`. Empty when there is only one stage, or for an image. */
  displayName = '';
  /** Base as written, variables expanded. */
  readonly baseName: string;
  readonly from: FromInstruction | undefined;
  readonly range: SourceRange;
  /** Counts from 0 in the file; -1 for an image. */
  readonly index: number;
  readonly outline: StageOutline = new StageOutline();
  base: Stage | undefined;
  /** The named context that is the base, or that replaces the whole stage. */
  context: NamedContext | undefined;
  /** Stages that are lowered first although they come later: those that named contexts stand for. */
  readonly before: Set<Stage> = new Set();
  readonly dependencies: Map<Stage, SourceRange> = new Map();
  commands: Command[] = [];
  /** Platform of FROM; afterwards that of the base. */
  platform: Platform | undefined;
  baseConfig: ImageConfig | undefined;
  /** Paths of the base that are used, rooted; shared with the stage this one starts from. */
  paths: Set<string> = new Set();
  state: State = scratch();
  environment: Environment = new Environment();
  user = '';
  image: WorkingImage = emptyImage({ os: 'linux', architecture: 'amd64' });
  args: StageArg[] = [];
  /** A named context stands for the whole stage: its own FROM and instructions mean nothing. */
  replaced = false;
  ignoreCache = false;
  stepIndex = 0;
  stepTotal = 0;
  commandSet = false;
  workingDirectorySet = false;
  /** The base is known. */
  resolved = false;
  /** Triggers of the base were looked at. */
  triggersRead = false;
  /** Every instruction was lowered. */
  done = false;

  constructor({
    baseName,
    from,
    range,
    index = -1,
  }: {
    readonly baseName: string;
    readonly from?: FromInstruction;
    readonly range: SourceRange;
    readonly index?: number;
  }) {
    this.baseName = baseName;
    this.from = from;
    this.range = range;
    this.index = index;
  }

  /** As written after AS, lower-cased; empty without. */
  get name(): string {
    return this.from?.name ?? '';
  }
}
