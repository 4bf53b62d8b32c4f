// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type { VariableValue } from './step-description.ts';

/** Names of variables that should hold no secrets, and sometimes do. */
const SECRET_NAME = /token|secret|passw|passphrase|credential|api_?key|access_?key|private_?key|auth/i;

/** Characters of a value that are kept; the rest is told apart by a digest. */
const MAX_LENGTH = 400;

/** Values as they may be kept and shown. */
export function variableValues(
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, VariableValue>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, keptValue(name, value)]));
}

function keptValue(name: string, value: string): VariableValue {
  return SECRET_NAME.test(name) ? { hidden: digestOf(value) } : keptText(value);
}

/** A long text is cut, and still told apart from any other. */
export function keptText(text: string): string {
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}… (${digestOf(text)})`;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
