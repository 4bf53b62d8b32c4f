// SPDX-License-Identifier: MIT
import type { Comment } from '../ast.ts';
import { type CheckSettings, parseCheckSettings } from '../check-directive.ts';

const CHECK = /^check\s*=\s*(.*)$/i;

/** Whether the text of a comment is `check=…`. */
export function isCheckComment(text: string): boolean {
  return CHECK.test(text);
}

/** What the `# check=` comments above an instruction ask for; later ones count as well. */
export function checkCommentsOf(comments: readonly Comment[]): readonly CheckSettings[] {
  return comments.flatMap(({ text }) => {
    const value = CHECK.exec(text)?.[1];
    const settings = value === undefined ? null : parseCheckSettings(value);
    return settings === null ? [] : [settings];
  });
}
