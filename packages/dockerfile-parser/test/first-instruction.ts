// SPDX-License-Identifier: MIT
import { type Instruction, parse } from '../src/index.ts';

/** The first instruction of `text`, which must be of the given kind. */
export function firstOf<Kind extends Instruction['kind']>(
  kind: Kind,
  text: string,
): Extract<Instruction, { kind: Kind }> {
  const instruction = parse(text).instructions[0];
  if (instruction?.kind !== kind) throw new Error(`expected ${kind}, found ${JSON.stringify(instruction)}`);
  return instruction as Extract<Instruction, { kind: Kind }>;
}

/** Values of words. */
export function valuesOf(words: readonly { readonly value: string }[]): string[] {
  return words.map(({ value }) => value);
}

/** Messages of the errors in `text`. */
export function errorsOf(text: string): string[] {
  return parse(text)
    .diagnostics.filter(({ severity, phase }) => severity === 'error' && phase !== 'structure')
    .map(({ message }) => message);
}
