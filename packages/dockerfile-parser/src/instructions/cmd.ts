// SPDX-License-Identifier: MIT

import { readCommandForm } from '../argument-splitter.ts';
import { readFlags } from '../flag-reader.ts';
import type { CmdInstruction } from '../instruction.ts';
import type { InstructionSource } from '../instruction-source.ts';

/** `CMD ["exec", "form"]` or `CMD shell form`. */
export function parseCmd(source: InstructionSource): CmdInstruction | null {
  const command = readCommandForm(source, source.argumentsStart);
  if (command === null || readFlags(source, {}) === null) return null;
  return { ...source.base, kind: 'cmd', command };
}
