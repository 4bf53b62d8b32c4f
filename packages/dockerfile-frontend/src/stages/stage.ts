// SPDX-License-Identifier: MIT
import type { FromInstruction, Instruction } from '@img-build/dockerfile-parser';
import type { SourceRange } from '@img-build/interfaces';
import { type State, scratch } from '@img-build/llb';
import type { ImageConfig, Platform } from '@img-build/oci';
import { Environment } from '../environment.ts';
import { emptyImage, type WorkingImage } from '../image.ts';

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
  base: Stage | undefined;
  readonly dependencies: Map<Stage, SourceRange> = new Map();
  commands: Command[] = [];
  /** Platform of FROM; afterwards that of the base. */
  platform: Platform | undefined;
  baseConfig: ImageConfig | undefined;
  state: State = scratch();
  environment: Environment = new Environment();
  user = '';
  image: WorkingImage = emptyImage({ os: 'linux', architecture: 'amd64' });
  args: StageArg[] = [];
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
  }: { readonly baseName: string; readonly from?: FromInstruction; readonly range: SourceRange }) {
    this.baseName = baseName;
    this.from = from;
    this.range = range;
  }

  /** As written after AS, lower-cased; empty without. */
  get name(): string {
    return this.from?.name ?? '';
  }
}
