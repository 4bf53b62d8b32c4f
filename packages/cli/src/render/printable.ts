// SPDX-License-Identifier: MIT
import { stripVTControlCharacters } from 'node:util';

/** C0 and C1 controls but the tab, and the marks that turn the direction of writing around. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const UNSAFE = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** One line of a command's output as a terminal would leave it: of a line drawn over several times, the last. */
export function printableOutput(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  return withoutControls(text.slice(text.lastIndexOf('\r') + 1));
}

/** A name or message on one line, without anything that steers a terminal. */
export function printableName(text: string): string {
  return withoutControls(text.replace(/\s*[\r\n]+\s*/g, ' ').trim());
}

function withoutControls(text: string): string {
  return stripVTControlCharacters(text).replace(UNSAFE, '');
}
