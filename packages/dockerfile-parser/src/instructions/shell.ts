// SPDX-License-Identifier: MIT

import { readJsonArray } from '../argument-splitter.ts';
import { readFlags } from '../flag-reader.ts';
import type { ShellInstruction } from '../instruction.ts';
import { hasNoArguments, type InstructionSource, reportArgumentCount } from '../instruction-source.ts';

/** `SHELL ["executable", …]`. */
export function parseShell(source: InstructionSource): ShellInstruction | null {
  const json = readJsonArray(source, source.argumentsStart);
  if (json.type === 'invalid' || readFlags(source, {}) === null) return null;
  if (hasNoArguments(source) || (json.type === 'strings' && json.words.length === 0)) {
    return reportArgumentCount(source, 'requires at least one argument');
  }
  if (json.type === 'strings') return { ...source.base, kind: 'shell', args: json.words };
  source.report({ code: 'SHELL_NOT_JSON', message: 'SHELL requires the arguments to be in JSON form' });
  return null;
}
