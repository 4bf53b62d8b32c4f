// SPDX-License-Identifier: MIT
import { type OpMetadata, opToGoJson, parseDefinition } from '@img-build/llb';
import type { LoweredPlatform } from '../../src/index.ts';

/** A golden file: what is lowered, and what it becomes. */
export interface Golden {
  readonly options: Record<string, unknown>;
  readonly dockerfile: string;
  readonly expected: string;
}

const OPTIONS = '# options ';
const RULE = '----\n';

/** Reads a golden file: an optional line of options, the Dockerfile, a line of dashes, the expected text. */
export function readGolden(text: string): Golden {
  const [input = '', expected = ''] = text.split(RULE);
  const line = input.startsWith(OPTIONS) ? input.slice(0, input.indexOf('\n') + 1) : '';
  return {
    options: line === '' ? {} : (JSON.parse(line.slice(OPTIONS.length)) as Record<string, unknown>),
    dockerfile: input.slice(line.length),
    expected,
  };
}

/**
 * A result as text: every op with its body as BuildKit's JSON (digests of inputs are numbers of ops), what its metadata
 * adds, then the config's own part and the history.
 */
export function goldenText({ definition, config, baseHistory }: LoweredPlatform): string {
  const ops = [...parseDefinition(definition).ops.values()];
  const lines = ops.flatMap(({ op, metadata, name }, index) => {
    const body = ops.reduce(
      (json, { digest }, input) => json.replaceAll(digest, `#${input}`),
      opToGoJson(op),
    );
    return [`#${index} ${name}`, `  ${body}`, ...metadataLines(metadata)];
  });
  const { history = [], config: run, rootfs: _, ...facts } = config;
  return [
    ...lines,
    `config ${JSON.stringify(facts)}`,
    `  ${JSON.stringify(run)}`,
    ...history
      .slice(baseHistory)
      .map(
        (entry) => `history ${entry.empty_layer === true ? '-' : '+'} ${JSON.stringify(entry.created_by)}`,
      ),
    '',
  ].join('\n');
}

function metadataLines({ caps, description, ignoreCache, progressGroup }: OpMetadata): string[] {
  const command = description['com.docker.dockerfile.v1.command'];
  return [
    ...(command === undefined ? [] : [`  command ${JSON.stringify(command)}`]),
    ...(ignoreCache ? ['  ignores the cache'] : []),
    ...(progressGroup === undefined ? [] : [`  group ${JSON.stringify(progressGroup)}`]),
    `  caps ${Object.keys(caps).sort().join(' ')}`,
  ];
}
