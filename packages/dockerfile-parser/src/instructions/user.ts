// SPDX-License-Identifier: MIT

import { readFlags } from '../flag-reader.ts';
import type { UserInstruction } from '../instruction.ts';
import {
  hasNoArguments,
  type InstructionSource,
  reportArgumentCount,
  wholeArgument,
} from '../instruction-source.ts';

/** `USER user[:group]`. */
export function parseUser(source: InstructionSource): UserInstruction | null {
  if (hasNoArguments(source)) return reportArgumentCount(source, 'requires exactly one argument');
  if (readFlags(source, {}) === null) return null;
  return { ...source.base, kind: 'user', user: wholeArgument(source) };
}
