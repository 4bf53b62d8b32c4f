// SPDX-License-Identifier: MIT
import { invalid } from './instruction-context.ts';

const SYMBOLIC = /^[ugoa]*(?:[-+=](?:[rwxXst]*|[ugo]))+(?:,[ugoa]*(?:[-+=](?:[rwxXst]*|[ugo]))+)*$/;

/** What `--chmod` says: permission bits, or a text as chmod(1) takes it. */
export function parseMode(text: string): { readonly mode?: number; readonly modeText?: string } {
  if (/^[0-7]+$/.test(text) && Number.parseInt(text, 8) <= 0o7777) return { mode: Number.parseInt(text, 8) };
  if (SYMBOLIC.test(text)) return { modeText: text };
  throw invalid(`invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`);
}
