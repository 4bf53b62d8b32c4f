// SPDX-License-Identifier: MIT
import { createDirectiveReader } from '../directive-reader.ts';
import { type EditContext, editAt, extentOf } from './edit-context.ts';
import type { TextEdit } from './text-edit.ts';
import { checkDirectiveValue } from './word-edits.ts';

/** Sets, adds or removes a directive. */
export function setDirective(
  context: EditContext,
  name: 'syntax' | 'check',
  value: string | null,
): readonly TextEdit[] {
  if (value === null) return removeDirective(context, name);
  checkDirectiveValue(name, value);
  const { directives, tree } = context.dockerfile;
  const found = directives.find((directive) => directive.name === name);
  if (found !== undefined) return [{ range: found.valueRange, newText: value }];
  const { items } = tree;
  const top = items[0]?.tokens[0]?.kind === 'bom' ? 1 : 0;
  const lastDirective = items.findLast(({ kind }) => kind === 'directive');
  if (name === 'syntax' || lastDirective === undefined)
    return [editAt(context, top, top, `# ${name}=${value}${context.newline}`)];
  const { end } = extentOf(lastDirective);
  const isWhole = lastDirective.tokens.at(-1)?.kind === 'newline';
  const line = `# ${name}=${value}`;
  return [editAt(context, end, end, isWhole ? line + context.newline : context.newline + line)];
}

/** Removes it as often as it is there, because a repeated one would come into force. */
function removeDirective(context: EditContext, name: string): readonly TextEdit[] {
  return context.dockerfile.tree.items
    .filter(({ kind, tokens }) => {
      const line = tokens.find((token) => token.kind === 'directive')?.text ?? '';
      const read = createDirectiveReader('#').read(line);
      return kind === 'directive' && read.type === 'directive' && read.name === name;
    })
    .map((item) => {
      const { start, end } = extentOf(item);
      return editAt(context, start, end, '');
    });
}
