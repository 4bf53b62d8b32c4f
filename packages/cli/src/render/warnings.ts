// SPDX-License-Identifier: MIT
import { type FrontendWarning, formatExcerpt } from '@img-build/dockerfile-frontend';

/** Warnings about a Dockerfile, counted, each with the lines it is about; nothing for none. */
export function formatWarnings(
  warnings: readonly FrontendWarning[],
  { name, text }: { readonly name: string; readonly text: string },
): string {
  if (warnings.length === 0) return '';
  const blocks = warnings.map(
    ({ rule, message, range }) =>
      ` - ${rule}: ${message} (line ${range.startLine})\n${formatExcerpt(name, text, range)}`,
  );
  return `\n ${warnings.length} warning${warnings.length === 1 ? '' : 's'} found:\n${blocks.join('')}`;
}
