// SPDX-License-Identifier: MIT
import type { StopsignalInstruction } from '../instruction.ts';
import {
  hasNoArguments,
  type InstructionSource,
  reportArgumentCount,
  wholeArgument,
} from '../instruction-source.ts';

/** `STOPSIGNAL signal`. Flags are ignored, as BuildKit does. */
export function parseStopsignal(source: InstructionSource): StopsignalInstruction | null {
  if (hasNoArguments(source)) return reportArgumentCount(source, 'requires exactly one argument');
  return { ...source.base, kind: 'stopsignal', signal: wholeArgument(source) };
}
