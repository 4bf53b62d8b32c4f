// SPDX-License-Identifier: MIT
import { trimSpace } from './characters.ts';

/** The body of a `<<-` heredoc without the tabs at the start of its lines. Blanks stay. */
export function chompHeredoc(body: string): string {
  return body.replace(/(?<![^\n])\t+/g, '');
}

/** First line of a heredoc body, with `...` when there are more: what step names show. */
export function summarizeHeredoc(body: string): string {
  const text = trimSpace(body);
  const newline = text.indexOf('\n');
  return newline < 0 ? text : `${text.slice(0, newline).replace(/\r$/, '')}...`;
}
