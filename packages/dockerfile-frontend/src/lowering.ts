// SPDX-License-Identifier: MIT
import type { EscapeCharacter } from '@img-build/dockerfile-parser';
import type { SourceRange } from '@img-build/interfaces';
import type { ProxyEnv, SourceFile, SourceLocation, State } from '@img-build/llb';
import type { Platform } from '@img-build/oci';
import type { BaseImageFacts } from './checks/base-image-facts.ts';
import type { Environment } from './environment.ts';
import type { LowerRequest, ResolvedBase } from './options.ts';
import type { StageGraph } from './stages/stage-graph.ts';

/** Everything that lowering for one platform shares. */
export interface Lowering {
  readonly request: LowerRequest;
  readonly escape: EscapeCharacter;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Variables of the global scope. */
  readonly globals: Environment;
  readonly targetPlatform: Platform;
  /** Nobody asked for the target platform: the base image may choose another one. */
  readonly implicitPlatform: boolean;
  /** Step names tell the platform. */
  readonly multiPlatform: boolean;
  readonly graph: StageGraph;
  /** The build context. */
  readonly context: State;
  /** Paths of the context that are used, rooted; filled while instructions are lowered. */
  readonly contextPaths: Set<string>;
  readonly sourceFile: SourceFile;
  readonly proxyEnv: ProxyEnv | undefined;
  /** Nanoseconds since the Unix epoch, when SOURCE_DATE_EPOCH is set. */
  readonly timestamp: bigint | undefined;
  readonly bases: ResolvedBase[];
  readonly facts: BaseImageFacts;
}

/** Where an op comes from, for the definition's source map. */
export function locationIn(lowering: Lowering, { startLine, endLine }: SourceRange): SourceLocation {
  return {
    file: lowering.sourceFile,
    ranges: [{ start: { line: startLine, character: 0 }, end: { line: endLine, character: 0 } }],
  };
}
