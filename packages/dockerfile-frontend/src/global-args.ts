// SPDX-License-Identifier: MIT
import { type ArgInstruction, type EscapeCharacter, expandWord } from '@img-build/dockerfile-parser';
import { formatPlatform, type Platform } from '@img-build/oci';
import { Environment } from './environment.ts';
import { guard } from './expansion.ts';
import { at } from './stages/place.ts';
import { instructionLines } from './stages/source-lines.ts';
import type { OutlinedArg } from './subrequests/stage-outline.ts';

/** What the variables of the global scope depend on. */
export interface GlobalArgSources {
  readonly buildPlatform: Platform;
  readonly targetPlatform: Platform;
  /** Name of the stage to build; empty when it has none. */
  readonly targetStage: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly escape: EscapeCharacter;
}

/** The global scope. */
export interface GlobalArgs {
  /** The predefined platform variables, each replaceable by a build argument, then the ARGs above the first FROM. */
  readonly variables: Environment;
  /** ARGs above the first FROM, by name. */
  readonly declared: ReadonlyMap<string, OutlinedArg>;
}

/**
 * Evaluates the global scope: a later default sees the earlier values.
 *
 * @throws FrontendError `EXPANSION_INVALID`
 */
export function globalArgs(instructions: readonly ArgInstruction[], sources: GlobalArgSources): GlobalArgs {
  const variables = new Environment();
  for (const [name, value] of predefined(sources))
    variables.set(name, buildArg(sources.buildArgs, name) ?? value);
  const declared = new Map<string, OutlinedArg>();
  for (const instruction of instructions) {
    const range = instructionLines(instruction);
    for (const { name, value, description } of instruction.declarations) {
      const key = name.value;
      const given = buildArg(sources.buildArgs, key);
      const scope = variables.toMap();
      const fallback =
        given !== undefined || value === null
          ? undefined
          : at(range, () => guard(() => expandWord(value.value, scope, { escape: sources.escape })));
      const result = given ?? fallback?.value;
      if (result !== undefined) variables.set(key, result);
      // A default made from the argument itself depends on what the earlier one depended on.
      const uses = (fallback?.matched ?? []).flatMap((used) =>
        used === key ? (declared.get(key)?.uses ?? []) : [used],
      );
      declared.set(key, { name: key, value: result ?? '', description, range, uses });
    }
  }
  return { variables, declared };
}

/** A build argument's value; names of `Object.prototype` are not arguments. */
export function buildArg(buildArgs: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
}

function predefined({
  buildPlatform,
  targetPlatform,
  targetStage,
}: GlobalArgSources): readonly (readonly [string, string])[] {
  const of = (prefix: string, platform: Platform): (readonly [string, string])[] => [
    [`${prefix}PLATFORM`, formatPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}OSVERSION`, platform['os.version'] ?? ''],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ''],
  ];
  return [
    ...of('BUILD', buildPlatform),
    ...of('TARGET', targetPlatform),
    ['TARGETSTAGE', targetStage === '' ? 'default' : targetStage],
  ];
}
