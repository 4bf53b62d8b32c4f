// SPDX-License-Identifier: MIT
import type { Dockerfile } from './dockerfile.ts';
import type { Instruction } from './instruction.ts';

/** What a change of layout or of letter case changes. */
const LAYOUT: ReadonlySet<string> = new Set([
  'range',
  'keywordRange',
  'valueRange',
  'bodyRange',
  'keyword',
  'original',
  'item',
  'as',
]);

/** What depends on the comments above an instruction. */
const COMMENTARY: ReadonlySet<string> = new Set([...LAYOUT, 'comments', 'description']);

/**
 * The file without positions and layout, as plain data: two files of equal
 * meaning build the same image and have the same comments above their instructions.
 */
export function meaningOf({ escape, directives, instructions }: Omit<Dockerfile, 'tree'>): unknown {
  return strip({ escape, directives, instructions }, LAYOUT);
}

/** Whether two instructions say the same; comments above them do not count. */
export function isSameInstruction(left: Instruction, right: Instruction): boolean {
  return contentOf(left) === contentOf(right);
}

function contentOf(instruction: Instruction): string {
  return JSON.stringify(instruction, (key, value: unknown) => (COMMENTARY.has(key) ? undefined : value));
}

function strip(value: unknown, ignored: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((each) => strip(each, ignored));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !ignored.has(key));
  return Object.fromEntries(kept.map(([key, each]) => [key, strip(each, ignored)]));
}
