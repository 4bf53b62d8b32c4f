// SPDX-License-Identifier: MIT
import type { Comment } from './ast.ts';

/** The rest of the first comment that starts with `name` and a blank; empty when there is none. */
export function descriptionOf(comments: readonly Comment[], name: string): string {
  if (name === '') return '';
  const found = comments.find(({ text }) => text.startsWith(`${name} `));
  return found === undefined ? '' : found.text.slice(name.length + 1);
}
