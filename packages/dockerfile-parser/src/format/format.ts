// SPDX-License-Identifier: MIT
import { trimSpace } from '../characters.ts';
import type { Dockerfile } from '../dockerfile.ts';
import { print, type SyntaxItem } from '../syntax-tree.ts';
import { formatInstruction } from './format-instruction.ts';
import { type FormatOptions, type Layout, layoutFor } from './format-options.ts';

/** A line or instruction of the result, without the line ending after it. */
interface Block {
  readonly kind: SyntaxItem['kind'];
  readonly text: string;
  /** Whether a stage starts here. */
  readonly isFrom: boolean;
}

const BLANK: Block = { kind: 'blank', text: '', isFrom: false };

/**
 * Lays out a file: one blank between words, continued words indented, keywords
 * in upper case, no white space at line ends, no two blank lines in a row, a
 * blank line between stages.
 *
 * What the file means stays the same: commands of RUN, CMD, ENTRYPOINT and
 * HEALTHCHECK in shell form, heredoc bodies and triggers keep every character,
 * and an instruction with errors stays as it is. Formatting the result again
 * changes nothing.
 */
export function format(dockerfile: Dockerfile, options: FormatOptions = {}): string {
  const text = print(dockerfile);
  const layout = layoutFor(text, options);
  const blocks = blocksOf(dockerfile, text, layout);
  const body = withoutNeedlessBlanks(layout.separateStages ? separateStages(blocks) : blocks)
    .map((block) => block.text)
    .join(layout.newline);
  const end = body === '' || endsInHeredoc(dockerfile) ? '' : layout.newline;
  return start(text, body, layout) + body + end;
}

/** A byte order mark stays; what looks like one but did not stand first must not come to stand there. */
function start(text: string, body: string, { newline }: Layout): string {
  if (text.startsWith('\ufeff')) return '\ufeff';
  return body.startsWith('\ufeff') ? newline : '';
}

function blocksOf(dockerfile: Dockerfile, text: string, layout: Layout): readonly Block[] {
  const directives = new Map(dockerfile.directives.map((each) => [each.range.start.line, each]));
  const instructions = new Map(dockerfile.instructions.map((each) => [each.item, each]));
  return dockerfile.tree.items.flatMap((item, index): Block[] => {
    const { kind, line } = item;
    if (kind === 'blank') return item.tokens[0]?.kind === 'bom' ? [] : [BLANK];
    const instruction = instructions.get(index);
    if (instruction !== undefined) {
      const laidOut = formatInstruction(dockerfile, text, instruction, item, layout);
      return [{ kind, text: laidOut, isFrom: instruction.kind === 'from' }];
    }
    const directive = directives.get(line);
    if (directive !== undefined)
      return [{ kind, text: `# ${directive.name}=${directive.value}`, isFrom: false }];
    const written = item.tokens.map((token) => token.text).join('');
    return [{ kind, text: trimSpace(written), isFrom: false }];
  });
}

/** Puts a blank line above every FROM but the first, over the comments that belong to it. */
function separateStages(blocks: readonly Block[]): readonly Block[] {
  const first = blocks.findIndex(({ isFrom }) => isFrom);
  const reversed: Block[] = [];
  let isPending = false;
  for (let index = blocks.length - 1; index >= 0; index--) {
    const block = blocks[index] as Block;
    if (isPending && block.kind !== 'comment') {
      if (block.kind !== 'blank') reversed.push(BLANK);
      isPending = false;
    }
    reversed.push(block);
    isPending ||= block.isFrom && index > first;
  }
  return reversed.reverse();
}

function withoutNeedlessBlanks(blocks: readonly Block[]): readonly Block[] {
  const kept = blocks.filter(({ kind }, index) => {
    if (kind !== 'blank') return true;
    // Without the blank line above it, a first comment could become a directive.
    if (index === 0) return blocks[1]?.kind === 'comment';
    return blocks[index - 1]?.kind !== 'blank';
  });
  return kept.at(-1)?.kind === 'blank' ? kept.slice(0, -1) : kept;
}

/** The body of a heredoc without end has all the rest of the file; a line more would change it. */
function endsInHeredoc({ tree }: Dockerfile): boolean {
  return tree.items.at(-1)?.tokens.at(-1)?.kind === 'heredoc-body';
}
