// SPDX-License-Identifier: MIT
import type { Comment } from '../../ast.ts';
import type { Instruction } from '../../instruction.ts';
import { isCheckComment } from '../check-comment.ts';
import { docsPage } from '../docs-page.ts';
import type { LintReport, LintRule } from '../lint-rule.ts';

/** A comment right above an ARG or a named FROM that does not begin with the name: it is no description then. */
export const invalidDefinitionDescription: LintRule = {
  meta: {
    name: 'InvalidDefinitionDescription',
    description:
      'Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment.',
    url: docsPage('invalid-definition-description'),
    experimental: true,
  },
  check({ dockerfile, report }) {
    for (const instruction of dockerfile.instructions) {
      const found = checkInstruction(instruction);
      if (found !== null) report(found);
    }
  },
};

function checkInstruction(instruction: Instruction): LintReport | null {
  const names = namesOf(instruction);
  const comment = commentAbove(instruction);
  const [first = '', ...others] = names;
  if (names.length === 0 || comment === null || names.includes(comment.text.split(' ', 1)[0] ?? ''))
    return null;
  const example = others.length > 0 ? '<arg_key>' : first;
  const message = `Comment for ${instruction.kind.toUpperCase()} should follow the format: \`# ${example} <description>\``;
  return { message, range: comment.range, context: instruction.range, instruction };
}

function namesOf(instruction: Instruction): readonly string[] {
  if (instruction.kind === 'arg') return instruction.declarations.map(({ name }) => name.value);
  return instruction.kind === 'from' && instruction.name !== null ? [instruction.name] : [];
}

function commentAbove({ comments, range }: Instruction): Comment | null {
  const comment = comments.findLast(({ text }) => !isCheckComment(text));
  if (comment === undefined) return null;
  const between = comments.filter(({ range: { start } }) => start.line > comment.range.start.line).length;
  return comment.range.start.line + between + 1 === range.start.line ? comment : null;
}
