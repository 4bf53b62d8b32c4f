// SPDX-License-Identifier: MIT

import { splitQuoted } from '../argument-splitter.ts';
import type { ArgDeclaration } from '../ast.ts';
import { describeNames } from '../comment-description.ts';
import type { ArgInstruction } from '../instruction.ts';
import { type InstructionSource, reportArgumentCount } from '../instruction-source.ts';

/** `ARG name[=value] …`. Flags are ignored, as BuildKit does. */
export function parseArg(source: InstructionSource): ArgInstruction | null {
  const declarations: ArgDeclaration[] = [];
  const describe = describeNames(source.base.comments);
  for (const { value: text, start, end } of splitQuoted(source)) {
    const cut = text.indexOf('=');
    if (cut === 0) {
      source.report({
        code: 'NAME_BLANK',
        message: 'ARG names can not be blank',
        range: source.rangeAt(start, end),
      });
      return null;
    }
    const name = source.wordAt(start, cut < 0 ? end : start + cut);
    const value = cut < 0 ? null : source.wordAt(start + cut + 1, end);
    declarations.push({ name, value, description: describe(name.value), range: source.rangeAt(start, end) });
  }
  if (declarations.length === 0) return reportArgumentCount(source, 'requires at least one argument');
  return { ...source.base, kind: 'arg', declarations };
}
