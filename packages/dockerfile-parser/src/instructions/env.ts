// SPDX-License-Identifier: MIT
import type { EnvInstruction } from '../instruction.ts';
import type { InstructionSource } from '../instruction-source.ts';
import { readKeyValues } from '../key-value-arguments.ts';

/** `ENV key=value …` or `ENV key value`. */
export function parseEnv(source: InstructionSource): EnvInstruction | null {
  const pairs = readKeyValues(source);
  return pairs === null ? null : { ...source.base, kind: 'env', ...pairs };
}
