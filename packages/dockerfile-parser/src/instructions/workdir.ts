// SPDX-License-Identifier: MIT

import { readFlags } from '../flag-reader.ts';
import type { WorkdirInstruction } from '../instruction.ts';
import {
  hasNoArguments,
  type InstructionSource,
  reportArgumentCount,
  wholeArgument,
} from '../instruction-source.ts';

/** `WORKDIR path`; the path may hold blanks. */
export function parseWorkdir(source: InstructionSource): WorkdirInstruction | null {
  if (hasNoArguments(source)) return reportArgumentCount(source, 'requires exactly one argument');
  if (readFlags(source, {}) === null) return null;
  return { ...source.base, kind: 'workdir', path: wholeArgument(source) };
}
