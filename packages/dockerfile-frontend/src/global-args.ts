// SPDX-License-Identifier: MIT
import type { ArgInstruction, EscapeCharacter } from '@img-build/dockerfile-parser';
import { formatPlatform, type Platform } from '@img-build/oci';
import { Environment } from './environment.ts';
import { expand } from './expansion.ts';
import { at } from './stages/place.ts';
import { instructionLines } from './stages/source-lines.ts';

/** What the variables of the global scope depend on. */
export interface GlobalArgSources {
  readonly buildPlatform: Platform;
  readonly targetPlatform: Platform;
  /** Name of the stage to build; empty when it has none. */
  readonly targetStage: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly escape: EscapeCharacter;
}

/** The predefined platform variables, each replaceable by a build argument, then the ARGs above the first FROM. */
export function globalArgs(instructions: readonly ArgInstruction[], sources: GlobalArgSources): Environment {
  let environment = new Environment();
  for (const [name, value] of predefined(sources))
    environment = environment.with(name, buildArg(sources.buildArgs, name) ?? value);
  for (const instruction of instructions) {
    for (const { name, value } of instruction.declarations) {
      const key = name.value;
      const scope = environment;
      const given =
        buildArg(sources.buildArgs, key) ??
        (value === null
          ? undefined
          : at(instructionLines(instruction), () => expand(value.value, scope, sources.escape)));
      if (given !== undefined) environment = environment.with(key, given);
    }
  }
  return environment;
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
