// SPDX-License-Identifier: MIT
import { originOf } from '@img-build/llb';
import { formatPlatform } from '@img-build/oci';
import { isEphemeral, type OutcomeFinder, type VertexOutcome } from '@img-build/solver';
import type { VertexPayload } from '../definition-graph.ts';
import { commandSettings } from './command-settings.ts';
import { describeSource } from './describe-source.ts';
import { fileSettings } from './file-settings.ts';
import type { StepDescription, StepInput, StepSource } from './step-description.ts';
import { keptText, variableValues } from './variable-values.ts';

/** Describes a step from what a solve has learnt about it; its inputs are complete. */
export function describeStep(outcome: VertexOutcome, find: OutcomeFinder): StepDescription {
  const { vertex, maps } = outcome;
  const { op, metadata } = vertex.payload as VertexPayload;
  const origin = originOf(metadata.description);
  const args = origin?.args ?? {};
  const definition = maps[0]?.digest;
  return {
    name: vertex.name,
    instruction: keptText(
      origin?.instruction ?? metadata.description['com.docker.dockerfile.v1.command'] ?? vertex.name,
    ),
    platform: op.platform === undefined ? '' : platformText(op.platform),
    settings: op.type === 'exec' ? commandSettings(op.exec) : op.type === 'file' ? fileSettings(op.file) : {},
    args: variableValues(args),
    env: variableValues(op.type === 'exec' ? environmentOf(op.exec.meta.env, args) : (origin?.env ?? {})),
    source: sourceOf(outcome),
    inputs: vertex.inputs.map((_, input) => describeInput(outcome, input, find)),
    definition,
  };
}

/** Whether the vertex exists in one build only, like a folder of the user. */
export function isForOneBuild({ maps }: Pick<VertexOutcome, 'maps'>): boolean {
  return maps.length > 0 && maps.every(({ digest }) => isEphemeral(digest));
}

function describeInput({ vertex, contents }: VertexOutcome, input: number, find: OutcomeFinder): StepInput {
  const edge = vertex.inputs[input];
  const from = edge && find(edge.vertex.digest);
  const content = contents[input];
  const source = from && sourceOf(from);
  return {
    name: from === undefined || isForOneBuild(from) ? '' : from.vertex.name,
    keys: (edge && from?.keys.get(edge.index)) ?? [],
    ...(content === undefined ? {} : { content }),
    ...(source === undefined ? {} : { source }),
  };
}

function sourceOf(outcome: VertexOutcome): StepSource | undefined {
  const { op } = outcome.vertex.payload as VertexPayload;
  if (op.type !== 'source' || isForOneBuild(outcome)) return undefined;
  return describeSource(op.source, outcome.maps[0]?.digest);
}

/** Variables of the image: what a command sees and is no build argument. */
function environmentOf(
  env: readonly string[],
  args: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const pairs = env.map((text) => {
    const equals = text.indexOf('=');
    return equals < 0 ? ([text, ''] as const) : ([text.slice(0, equals), text.slice(equals + 1)] as const);
  });
  return Object.fromEntries(pairs.filter(([name]) => !Object.hasOwn(args, name)));
}

function platformText({
  os,
  architecture,
  variant,
}: {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}): string {
  return formatPlatform({ os, architecture, ...(variant ? { variant } : {}) });
}
