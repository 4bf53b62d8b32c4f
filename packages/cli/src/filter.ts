// SPDX-License-Identifier: MIT
import { UsageError } from './usage-error.ts';

/** Values of a thing by the fields that filters may name; several values mean "any of them". */
export type FilterFields = Readonly<Record<string, string | readonly string[]>>;

type Test = (fields: FilterFields) => boolean;

const CONDITION = /^([A-Za-z][\w.]*)(==|!=|~=|=)(.*)$/s;

/**
 * Reads filters: `name==value`, `name=value`, `name!=value`, `name~=regex`, `name` (present), joined by commas. All
 * conditions of one filter must hold, and of several filters one.
 *
 * @throws UsageError for a filter that says nothing, or names no known field
 */
export function parseFilters(filters: readonly string[], known: readonly string[]): Test {
  const tests = filters.map((filter) => parseFilter(filter, known));
  return (fields) => tests.length === 0 || tests.some((test) => test(fields));
}

function parseFilter(filter: string, known: readonly string[]): Test {
  const conditions = filter.split(',').map((condition) => parseCondition(condition.trim(), known));
  return (fields) => conditions.every((test) => test(fields));
}

function parseCondition(text: string, known: readonly string[]): Test {
  const [, field = text, operator, quoted = ''] = CONDITION.exec(text) ?? [];
  if (!known.includes(field))
    throw new UsageError(`invalid filter ${JSON.stringify(text)}`, `it can name ${known.join(', ')}`);
  const value = unquoted(quoted);
  const valuesOf = (fields: FilterFields): readonly string[] => [fields[field] ?? []].flat();
  switch (operator) {
    case undefined:
      return (fields) => valuesOf(fields).length > 0;
    case '~=': {
      const pattern = regularExpression(value);
      return (fields) => valuesOf(fields).some((each) => pattern.test(each));
    }
    case '!=':
      return (fields) => !valuesOf(fields).includes(value);
    default:
      return (fields) => valuesOf(fields).includes(value);
  }
}

/** A value without the quotes or slashes around it. */
export function unquoted(text: string): string {
  return /^".*"$/s.test(text) || /^\/.*\/$/s.test(text) ? text.slice(1, -1) : text;
}

/** @throws UsageError */
export function regularExpression(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new UsageError(
      `invalid regular expression ${JSON.stringify(text)} in a filter: ${(cause as Error).message}`,
    );
  }
}
