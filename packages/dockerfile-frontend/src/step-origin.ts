// SPDX-License-Identifier: MIT
import { describeOrigin } from '@img-build/llb';
import type { InstructionContext } from './instructions/instruction-context.ts';
import type { Lowering } from './lowering.ts';

/** Says in an op's description which instruction it comes from, and what the variables were. */
export function originDescription({
  stage,
  command: { instruction },
}: InstructionContext): Readonly<Record<string, string>> {
  const { original } = instruction;
  const args: Record<string, string> = {};
  const env: Record<string, string> = {};
  const declared = new Set(stage.args.map(({ name }) => name));
  // A variable of the image hides an argument of the same name.
  const fixed = new Set((stage.image.config.Env ?? []).map((pair) => pair.slice(0, pair.indexOf('='))));
  const isCommand = instruction.kind === 'run';
  for (const name of isCommand ? declared : variablesIn(original)) {
    const value = stage.environment.get(name);
    if (value === undefined) continue;
    if (declared.has(name) && !fixed.has(name)) args[name] = value;
    else if (!isCommand) env[name] = value;
  }
  return describeOrigin({ instruction: original, args, env });
}

/** The same for FROM, which sees the arguments of the global scope. */
export function baseDescription(original: string, { globals }: Lowering): Readonly<Record<string, string>> {
  const args = [...variablesIn(original)].flatMap((name) => {
    const value = globals.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return describeOrigin({ instruction: original, args: Object.fromEntries(args), env: {} });
}

function variablesIn(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name));
}
