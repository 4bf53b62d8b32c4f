// SPDX-License-Identifier: MIT
import { type QuotedWord, splitQuoted } from './argument-splitter.ts';
import type { KeyValue } from './ast.ts';
import { isBlank, quote } from './characters.ts';
import { readFlags } from './flag-reader.ts';
import { type InstructionSource, reportArgumentCount } from './instruction-source.ts';

/** The pairs of ENV or LABEL. */
export interface KeyValueArguments {
  readonly pairs: readonly KeyValue[];
  readonly legacy: boolean;
}

/** Reads `key=value …` or the older `key value`; `null` after it has reported an error. */
export function readKeyValues(source: InstructionSource): KeyValueArguments | null {
  const words = splitQuoted(source);
  const [first] = words;
  const legacy = first !== undefined && !first.value.includes('=');
  const pairs = legacy ? readLegacyPair(source) : readPairs(source, words);
  if (pairs === null || readFlags(source, {}) === null) return null;
  if (pairs.length === 0) return reportArgumentCount(source, 'requires at least one argument');
  const blank = pairs.find(({ key }) => key.value === '');
  if (blank === undefined) return { pairs, legacy };
  source.report({
    code: 'NAME_BLANK',
    message: `${source.name.toUpperCase()} names can not be blank`,
    range: blank.value.range,
  });
  return null;
}

function readLegacyPair(source: InstructionSource): KeyValue[] | null {
  const { text, argumentsStart: start, argumentsEnd: end } = source;
  let keyEnd = start;
  while (keyEnd < end && !isBlank(text.charCodeAt(keyEnd))) keyEnd++;
  let valueStart = keyEnd;
  while (valueStart < end && isBlank(text.charCodeAt(valueStart))) valueStart++;
  if (valueStart > keyEnd)
    return [
      {
        key: source.wordAt(start, keyEnd),
        value: source.wordAt(valueStart, end),
        range: source.rangeAt(start, end),
      },
    ];
  source.report({
    code: 'ARGUMENT_COUNT',
    phase: 'syntax',
    message: `${source.name.toUpperCase()} must have two arguments`,
  });
  return null;
}

function readPairs(source: InstructionSource, words: readonly QuotedWord[]): KeyValue[] | null {
  const pairs: KeyValue[] = [];
  for (const { value, start, end } of words) {
    const cut = value.indexOf('=');
    if (cut < 0) {
      const message = `Syntax error - can't find = in ${quote(value)}. Must be of the form: name=value`;
      source.report({
        code: 'KEY_VALUE_INVALID',
        phase: 'syntax',
        message,
        range: source.rangeAt(start, end),
      });
      return null;
    }
    pairs.push({
      key: source.wordAt(start, start + cut),
      value: source.wordAt(start + cut + 1, end),
      range: source.rangeAt(start, end),
    });
  }
  return pairs;
}
