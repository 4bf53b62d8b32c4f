// SPDX-License-Identifier: MIT

import { readCommandForm } from '../argument-splitter.ts';
import { readFlags } from '../flag-reader.ts';
import type { EntrypointInstruction } from '../instruction.ts';
import type { InstructionSource } from '../instruction-source.ts';

/** `ENTRYPOINT ["exec", "form"]` or `ENTRYPOINT shell form`. */
export function parseEntrypoint(source: InstructionSource): EntrypointInstruction | null {
  const command = readCommandForm(source, source.argumentsStart);
  if (command === null || readFlags(source, {}) === null) return null;
  return { ...source.base, kind: 'entrypoint', command };
}
