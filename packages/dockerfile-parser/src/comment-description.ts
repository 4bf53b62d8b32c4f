// SPDX-License-Identifier: MIT
import type { Comment } from './ast.ts';

/**
 * Reads what comments say about names: the rest of the first comment that starts
 * with the name and a blank; empty when there is none. A name has no blanks.
 */
export function describeNames(comments: readonly Comment[]): (name: string) => string {
  if (comments.length === 0) return () => '';
  const descriptions = new Map<string, string>();
  for (const { text } of comments) {
    const blank = text.indexOf(' ');
    const name = text.slice(0, blank);
    if (blank > 0 && !descriptions.has(name)) descriptions.set(name, text.slice(blank + 1));
  }
  return (name) => descriptions.get(name) ?? '';
}
