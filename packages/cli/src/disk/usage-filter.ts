// SPDX-License-Identifier: MIT
import type { UsageRow } from '../cache-usage.ts';
import { regularExpression, unquoted } from '../filter.ts';
import { UsageError } from '../usage-error.ts';
import { parseAge, parseDiskSize } from './quantities.ts';

type Test = (row: UsageRow) => boolean;

/** Text by which rows are compared. */
const TEXTS: Readonly<Record<string, (row: UsageRow) => string>> = {
  id: ({ record }) => record.id,
  parent: ({ record }) => record.parent ?? '',
  type: ({ record }) => record.type,
  description: ({ record }) => record.description,
};

const STATES: Readonly<Record<string, Test>> = {
  inuse: ({ inUse }) => inUse,
  mutable: ({ mutable }) => mutable,
  immutable: ({ mutable }) => !mutable,
  shared: ({ shared }) => shared,
  private: ({ shared }) => !shared,
  reclaimable: ({ reclaimable }) => reclaimable,
};

const FIELDS = [...Object.keys(TEXTS), ...Object.keys(STATES), 'size', 'until', 'unused-for'];

const CONDITION = /^([a-z][a-z-]*)(?:(==|!=|~=|>=|<=|=|>|<)(.*))?$/s;

/**
 * Reads the filters of `du` and `prune`, all of which must hold, as with docker: `type==regular`, `id=abc` (contains),
 * `description~=regex`, `shared`, `inuse=false`, `size>100MB`, `unused-for=48h`, `until=2026-01-31`. Commas join several.
 *
 * @param now - milliseconds since the Unix epoch.
 * @throws UsageError for a filter that says nothing, or names no known field
 */
export function parseUsageFilters(filters: readonly string[], now: number): Test {
  const tests = filters
    .flatMap((filter) => conditionsOf(filter))
    .map((condition) => parseCondition(condition.trim(), now));
  return (row) => tests.every((test) => test(row));
}

/** A regular expression may hold commas, and is the last of its filter. */
function conditionsOf(filter: string): readonly string[] {
  const [plain, pattern] = splitAtPattern(filter);
  const conditions = plain === '' && pattern !== undefined ? [] : plain.split(',');
  return pattern === undefined ? conditions : [...conditions, pattern];
}

function splitAtPattern(filter: string): readonly [string, string?] {
  const at = filter.search(/[a-z]+~=/);
  if (at < 0) return [filter];
  return [filter.slice(0, at).replace(/,\s*$/, ''), filter.slice(at)];
}

function parseCondition(text: string, now: number): Test {
  const [, field = '', operator, quoted = ''] = CONDITION.exec(text) ?? [];
  const value = unquoted(quoted);
  const what = `the filter ${JSON.stringify(text)}`;
  const test =
    textTest(field, operator, value) ??
    stateTest(field, operator, value) ??
    sizeTest(field, operator, () => parseDiskSize(value, what)) ??
    ageTest(field, operator, () => oldest(value, what, now));
  if (test !== undefined) return test;
  throw new UsageError(
    `invalid filter ${JSON.stringify(text)}`,
    FIELDS.includes(field)
      ? 'write it like type==regular, id=abc, description~=regex, shared=true, size>100MB or unused-for=48h'
      : `it can name ${FIELDS.join(', ')}`,
  );
}

function textTest(field: string, operator: string | undefined, value: string): Test | undefined {
  const textOf = TEXTS[field];
  if (textOf === undefined) return undefined;
  switch (operator) {
    case '==':
      return (row) => textOf(row) === value;
    case '!=':
      return (row) => textOf(row) !== value;
    case '=':
      // As docker has it: an id or a description needs not be spelled out.
      return field === 'id' || field === 'description'
        ? (row) => textOf(row).includes(value)
        : (row) => textOf(row) === value;
    case '~=': {
      const pattern = regularExpression(value);
      return (row) => pattern.test(textOf(row));
    }
    case undefined:
      return (row) => textOf(row) !== '';
    default:
      return undefined;
  }
}

function stateTest(field: string, operator: string | undefined, value: string): Test | undefined {
  const holds = STATES[field];
  if (holds === undefined) return undefined;
  if (operator === undefined) return holds;
  if (!['=', '==', '!='].includes(operator) || !/^(?:true|false|1|0)$/.test(value)) return undefined;
  const wanted = (value === 'true' || value === '1') === (operator !== '!=');
  return (row) => holds(row) === wanted;
}

function sizeTest(field: string, operator: string | undefined, bytes: () => number): Test | undefined {
  if (field !== 'size' || operator === undefined || operator === '~=') return undefined;
  const limit = bytes();
  const compare: Readonly<Record<string, (size: number) => boolean>> = {
    '>': (size) => size > limit,
    '>=': (size) => size >= limit,
    '<': (size) => size < limit,
    '<=': (size) => size <= limit,
    '!=': (size) => size !== limit,
  };
  const test = compare[operator] ?? ((size: number) => size === limit);
  return ({ size }) => test(size);
}

/** Both names mean the same, as in docker. */
function ageTest(field: string, operator: string | undefined, since: () => number): Test | undefined {
  if (!['until', 'unused-for'].includes(field) || (operator !== '=' && operator !== '==')) return undefined;
  const limit = since();
  return ({ record }) => record.lastUsedAt <= limit;
}

/** The moment after which nothing may have been used: so long ago, or at a date. */
function oldest(value: string, what: string, now: number): number {
  const date = /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? now - parseAge(value, what) : date;
}
