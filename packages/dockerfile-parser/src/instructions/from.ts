// SPDX-License-Identifier: MIT

import { splitAtBlanks } from '../argument-splitter.ts';
import { quote } from '../characters.ts';
import { describeNames } from '../comment-description.ts';
import { readFlags } from '../flag-reader.ts';
import type { FromInstruction } from '../instruction.ts';
import { type InstructionSource, reportArgumentCount } from '../instruction-source.ts';

const STAGE_NAME = /^[a-z][a-z0-9\-_.]*$/;

/** `FROM [--platform=P] BASE [AS NAME]`. */
export function parseFrom(source: InstructionSource): FromInstruction | null {
  const words = splitAtBlanks(source, source.argumentsStart, source.argumentsEnd);
  const [base, as = null, alias = null] = words;
  const named = words.length === 3 && as?.value.toLowerCase() === 'as';
  if (base === undefined || (words.length !== 1 && !named))
    return reportArgumentCount(source, 'requires either one or three arguments');
  const name = alias?.value.toLowerCase() ?? null;
  if (alias !== null && name !== null && !STAGE_NAME.test(name)) {
    const message = `invalid name for build stage: ${quote(alias.value)}, name can't start with a number or contain symbols`;
    source.report({ code: 'STAGE_NAME_INVALID', message, range: alias.range });
    return null;
  }
  const flags = readFlags(source, { platform: 'string' });
  if (flags === null) return null;
  const description = name === null ? '' : describeNames(source.base.comments)(name);
  return {
    ...source.base,
    kind: 'from',
    base,
    platform: flags.string('platform'),
    name,
    alias,
    as,
    description,
  };
}
