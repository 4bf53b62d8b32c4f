// SPDX-License-Identifier: MIT
import { styleText } from 'node:util';
import { type FrontendWarning, formatExcerpt } from '@img-build/dockerfile-frontend';
import { printableName } from './printable.ts';

/** How warnings are shown. */
export interface WarningsView {
  /** With what each rule is for, and the lines it is about. */
  readonly expanded: boolean;
  readonly colors: boolean;
}

/** One line about a warning: `StageNameCasing: … (line 3)`. */
export function shortWarning({ rule, message, range }: FrontendWarning): string {
  return `${rule}: ${message} (line ${range.startLine})`;
}

/** Warnings about a Dockerfile, counted; nothing for none. */
export function formatWarnings(
  warnings: readonly FrontendWarning[],
  { name, text }: { readonly name: string; readonly text: string },
  { expanded, colors }: WarningsView,
): string {
  if (warnings.length === 0) return '';
  const count = `${warnings.length} warning${warnings.length === 1 ? '' : 's'} found`;
  const head = `${count}${expanded ? '' : ' (use --debug to expand)'}:`;
  const blocks = warnings.map((warning) => {
    const short = ` - ${printableName(shortWarning(warning))}\n`;
    if (!expanded) return short;
    const { description, url, range } = warning;
    const facts = [...(description ? [description] : []), ...(url ? [`More info: ${url}`] : [])];
    return `${short}${facts.map((line) => `${line}\n`).join('')}${formatExcerpt(name, text, range)}\n`;
  });
  return `\n ${colors ? styleText('yellow', head, { validateStream: false }) : head}\n${blocks.join('')}`;
}
