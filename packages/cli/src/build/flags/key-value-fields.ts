// SPDX-License-Identifier: MIT
import { readCsvFields } from '@img-build/dockerfile-parser';
import { UsageError } from '../../usage-error.ts';

/**
 * Reads `key=value,key=value`, one line of comma-separated values: a field in double quotes may hold commas. Keys are
 * lower-cased up to their first dot (what follows is a name that somebody chose); a field without `=` has an `undefined`
 * value.
 *
 * @param flag - for messages, without dashes.
 * @throws UsageError when the text is no such line or names a key twice.
 */
export function readFields(flag: string, text: string): ReadonlyMap<string, string | undefined> {
  const parsed = readCsvFields(text);
  if ('problem' in parsed)
    throw new UsageError(
      text === '' ? `--${flag} says nothing` : `invalid --${flag} ${JSON.stringify(text)}: ${parsed.problem}`,
    );
  const fields = new Map<string, string | undefined>();
  for (const field of parsed.fields) {
    const equals = field.indexOf('=');
    const key = keyOf(equals < 0 ? field : field.slice(0, equals));
    if (fields.has(key))
      throw new UsageError(
        `invalid --${flag} ${JSON.stringify(text)}: ${JSON.stringify(key)} is given twice`,
      );
    fields.set(key, equals < 0 ? undefined : field.slice(equals + 1));
  }
  return fields;
}

function keyOf(text: string): string {
  const [, fixed = '', chosen = ''] = /^([^.]*)(.*)$/s.exec(text.trim()) ?? [];
  return `${fixed.toLowerCase()}${chosen}`;
}
