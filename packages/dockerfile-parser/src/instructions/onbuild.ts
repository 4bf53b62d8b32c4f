// SPDX-License-Identifier: MIT

import { readFlags } from '../flag-reader.ts';
import type { OnbuildInstruction } from '../instruction.ts';
import { hasNoArguments, type InstructionSource, reportArgumentCount } from '../instruction-source.ts';

const FORBIDDEN: ReadonlyMap<string, string> = new Map([
  ['onbuild', "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
  ['maintainer', "MAINTAINER isn't allowed as an ONBUILD trigger"],
  ['from', "FROM isn't allowed as an ONBUILD trigger"],
]);

/** `ONBUILD INSTRUCTION …`. */
export function parseOnbuild(source: InstructionSource): OnbuildInstruction | null {
  if (hasNoArguments(source)) return reportArgumentCount(source, 'requires at least one argument');
  if (readFlags(source, {}) === null) return null;
  const { text, argumentsStart, argumentsEnd, base } = source;
  const word = /^[^\t\v\f\r ]*/.exec(text.slice(argumentsStart, argumentsEnd))?.[0] ?? '';
  const problem = FORBIDDEN.get(word.toLowerCase());
  if (problem !== undefined) {
    const range = source.rangeAt(argumentsStart, argumentsStart + word.length);
    source.report({ code: 'ONBUILD_TRIGGER_INVALID', message: problem, range });
    return null;
  }
  const bodies = source.heredocs.map(({ heredoc }) => `\n${heredoc.body}${heredoc.name}`);
  const expression = text.slice(argumentsStart, argumentsEnd) + bodies.join('');
  return { ...base, kind: 'onbuild', expression, trigger: source.parseNested(argumentsStart) };
}
