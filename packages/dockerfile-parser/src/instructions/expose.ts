// SPDX-License-Identifier: MIT

import { splitAtBlanks } from '../argument-splitter.ts';
import { readFlags } from '../flag-reader.ts';
import type { ExposeInstruction } from '../instruction.ts';
import { type InstructionSource, reportArgumentCount } from '../instruction-source.ts';

/** `EXPOSE PORT …`; each word may still become several ports when it is expanded. */
export function parseExpose(source: InstructionSource): ExposeInstruction | null {
  const ports = splitAtBlanks(source, source.argumentsStart, source.argumentsEnd);
  if (ports.length === 0) return reportArgumentCount(source, 'requires at least one argument');
  return readFlags(source, {}) === null ? null : { ...source.base, kind: 'expose', ports };
}
