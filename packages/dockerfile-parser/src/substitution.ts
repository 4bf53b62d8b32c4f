// SPDX-License-Identifier: MIT
import { DockerfileError } from './dockerfile-error.ts';
import { type ScannerState, unsupported, unterminated } from './scanner-state.ts';
import { replacePattern, trimPrefix, trimSuffix } from './variable-pattern.ts';

/** Reads `$name` or `${…}` at the current place and returns what it stands for. */
export function scanDollar(state: ScannerState): string {
  state.at++;
  if (state.text[state.at] !== '{') {
    const name = scanName(state);
    if (name === '') return '$';
    return valueOf(state, name) ?? (state.keepUnset ? `$${name}` : '');
  }
  const next = state.text[++state.at];
  if (next === undefined) throw unterminated("syntax error: missing '}'");
  if (next === '{' || next === '}' || next === ':') {
    throw new DockerfileError('syntax error: bad substitution', { code: 'EXPANSION_BAD_SUBSTITUTION' });
  }
  return scanBraced(state, scanName(state));
}

function scanBraced(state: ScannerState, name: string): string {
  const keepUnset = state.keepUnset;
  const modifier = takePoint(state);
  if (modifier === '}') return valueOf(state, name) ?? (keepUnset ? `\${${name}}` : '');
  if (modifier === '/') return scanReplacement(state, name);
  const operator = modifier === ':' ? takePoint(state) : modifier;
  const written = modifier === ':' ? `:${operator}` : operator;
  if (operator === '') throw unterminated("syntax error: missing '}'");
  const trims = operator === '#' || operator === '%';
  if (modifier !== ':' && !trims && !'+-?'.includes(operator)) throw unsupported(written);
  const word = scanOperand(state, '}', trims, "syntax error: missing '}'");
  if (modifier === ':' && !'+-?'.includes(operator)) throw unsupported(written);
  const value = valueOf(state, name);
  if (keepUnset && value === undefined) return `\${${name}${written}${word}}`;
  if (trims) return trimIn(value ?? '', operator, word);
  return chooseValue(name, value, { operator, word, emptyIsUnset: modifier === ':' });
}

interface Choice {
  readonly operator: string;
  readonly word: string;
  readonly emptyIsUnset: boolean;
}

function chooseValue(
  name: string,
  value: string | undefined,
  { operator, word, emptyIsUnset }: Choice,
): string {
  const missing = value === undefined || (emptyIsUnset && value === '');
  if (operator === '+') return missing ? '' : word;
  if (operator === '-') return missing ? word : value;
  if (!missing) return value;
  const reason = word !== '' ? word : `is not allowed to be ${value === undefined ? 'unset' : 'empty'}`;
  throw new DockerfileError(`${name}: ${reason}`, { code: 'EXPANSION_VARIABLE_REQUIRED' });
}

function scanReplacement(state: ScannerState, name: string): string {
  const all = state.text[state.at] === '/';
  if (all) state.at++;
  const pattern = scanOperand(state, '/', true, "syntax error: missing '/' in ${}");
  const replacement = scanOperand(state, '}', true, "syntax error: missing '}'");
  const value = valueOf(state, name);
  if (state.keepUnset && value === undefined) return `\${${name}/${all ? '/' : ''}${pattern}/${replacement}}`;
  return replacePattern(value ?? '', pattern, replacement, all);
}

/** The text up to `stop`; when the word ends first, that is what gets reported, whatever went wrong inside. */
function scanOperand(state: ScannerState, stop: string, keepEscapes: boolean, missing: string): string {
  try {
    return state.scanUntil(state, stop, keepEscapes, null);
  } catch (error) {
    if (
      state.at < state.text.length ||
      !(error instanceof DockerfileError) ||
      error.code === 'EXPANSION_TOO_DEEP'
    )
      throw error;
    throw unterminated(missing);
  }
}

function takePoint(state: ScannerState): string {
  const point = state.text.codePointAt(state.at);
  if (point === undefined) return '';
  const character = String.fromCodePoint(point);
  state.at += character.length;
  return character;
}

/** A name, a run of digits, or one of the shell's special parameters; empty when there is none. */
function scanName(state: ScannerState): string {
  const name = /^(?:\p{Nd}+|[@*#?\-$!]|[\p{L}_][\p{L}\p{Nd}_]*)/u.exec(nameWindow(state))?.[0] ?? '';
  state.at += name.length;
  return name;
}

const NAME_WINDOW = 256;

/** A slice long enough for any name, so that one `$` costs no copy of the rest of a long text. */
function nameWindow(state: ScannerState): string {
  const { text, at } = state;
  let size = NAME_WINDOW;
  while (at + size < text.length && /^[\p{L}\p{Nd}_]+$/u.test(text.slice(at, at + size))) size *= 2;
  return text.slice(at, at + size);
}

function valueOf(state: ScannerState, name: string): string | undefined {
  const value = state.lookUp(name);
  (value === undefined ? state.unmatched : state.matched).add(name);
  return value;
}

/** The doubled operator arrives as the first character of the pattern: it asks for the longest match. */
function trimIn(value: string, operator: string, word: string): string {
  const greedy = word.startsWith(operator);
  const pattern = greedy ? word.slice(1) : word;
  return operator === '#' ? trimPrefix(value, pattern, greedy) : trimSuffix(value, pattern, greedy);
}
