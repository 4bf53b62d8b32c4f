// SPDX-License-Identifier: MIT
import type { ArgInstruction } from '../instruction.ts';
import type { ExpandableWord } from './expandable-words.ts';
import { splitPlatform } from './platform-text.ts';
import type { ResolvedWord } from './stage-graph.ts';
import { VariableScope } from './variable-scope.ts';

/** What the variables of the global scope depend on. */
export interface GlobalSources {
  readonly args: Readonly<Record<string, string>>;
  readonly platform: string;
  readonly buildPlatform: string;
  /** Name of the stage to build; `null` when it has none. */
  readonly targetStage: string | null;
}

/** Names of the predefined variables. */
export const PLATFORM_VARIABLES: readonly string[] = [
  ...['BUILD', 'TARGET'].flatMap((prefix) =>
    ['PLATFORM', 'OS', 'OSVERSION', 'ARCH', 'VARIANT'].map((name) => prefix + name),
  ),
  'TARGETSTAGE',
];

/** The predefined variables, each replaceable by a build argument. */
export function platformScope(sources: GlobalSources): VariableScope {
  const scope = new VariableScope();
  const values = [
    ...platformValues(sources.buildPlatform),
    ...platformValues(sources.platform),
    sources.targetStage ?? 'default',
  ];
  for (const [index, name] of PLATFORM_VARIABLES.entries()) {
    const value = buildArg(sources.args, name) ?? values[index] ?? '';
    scope.set({ name, value, origin: 'platform', step: -1, range: null });
  }
  return scope;
}

/** Adds the ARGs above the first FROM. */
export function addGlobalArgs(
  scope: VariableScope,
  instructions: readonly ArgInstruction[],
  args: Readonly<Record<string, string>>,
  resolve: (word: ExpandableWord, instruction: ArgInstruction) => ResolvedWord,
): void {
  for (const instruction of instructions) {
    for (const { name, value } of instruction.declarations) {
      const given = buildArg(args, name.value);
      const word =
        given !== undefined || value === null
          ? null
          : resolve({ written: value.value, range: value.range, kind: 'word' }, instruction);
      scope.set({
        name: name.value,
        value: given ?? word?.value ?? null,
        origin: 'global',
        step: -1,
        range: name.range,
      });
    }
  }
}

/** A build argument's value; names of `Object.prototype` are not arguments. */
export function buildArg(args: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(args, name) ? args[name] : undefined;
}

function platformValues(text: string): readonly string[] {
  const parts = splitPlatform(text);
  if (parts === null) return [text, '', '', '', ''];
  return [text, parts.os, parts.osVersion, parts.architecture, parts.variant];
}
