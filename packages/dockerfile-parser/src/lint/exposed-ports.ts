// SPDX-License-Identifier: MIT
import type { ResolvedStage, ResolvedStep } from '../resolve/stage-graph.ts';
import type { SourceRange } from '../source-range.ts';

/** One port of EXPOSE, cut up but not checked. */
export interface ExposedPort {
  /** One word after expansion. */
  readonly written: string;
  /** Address and port of the host, if any. */
  readonly host: string;
  /** As written; empty without. */
  readonly protocol: string;
  readonly range: SourceRange;
}

/** The ports that stages expose. */
export function exposedPorts(stages: readonly ResolvedStage[]): readonly ExposedPort[] {
  return stages.flatMap(({ steps }) => steps.flatMap(portsOf));
}

function portsOf({ instruction, words }: ResolvedStep): readonly ExposedPort[] {
  if (instruction.kind !== 'expose') return [];
  return words.flatMap(({ words: ports, range }) => ports.map((written) => cutPort(written, range)));
}

function cutPort(written: string, range: SourceRange): ExposedPort {
  const colon = written.lastIndexOf(':');
  const container = written.slice(colon + 1);
  const slash = container.indexOf('/');
  return {
    written,
    host: colon < 0 ? '' : written.slice(0, colon),
    protocol: slash < 0 ? '' : container.slice(slash + 1),
    range,
  };
}
