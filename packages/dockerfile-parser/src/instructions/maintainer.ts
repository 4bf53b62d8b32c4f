// SPDX-License-Identifier: MIT

import { readFlags } from '../flag-reader.ts';
import type { MaintainerInstruction } from '../instruction.ts';
import {
  hasNoArguments,
  type InstructionSource,
  reportArgumentCount,
  wholeArgument,
} from '../instruction-source.ts';

/** `MAINTAINER name`. */
export function parseMaintainer(source: InstructionSource): MaintainerInstruction | null {
  if (hasNoArguments(source)) return reportArgumentCount(source, 'requires exactly one argument');
  if (readFlags(source, {}) === null) return null;
  return { ...source.base, kind: 'maintainer', name: wholeArgument(source) };
}
