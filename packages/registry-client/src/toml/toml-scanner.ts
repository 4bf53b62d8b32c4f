// SPDX-License-Identifier: MIT
import { tomlError } from './toml-value.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  e: '\u001b',
  '"': '"',
  '\\': '\\',
};
const BARE_KEY = /[A-Za-z0-9_-]+/y;
const SCALAR = /[A-Za-z0-9_+.:-]+/y;
const SPACE = /[ \t]*/y;
/** Characters that must be escaped in strings and comments. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters meant.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** Walks over the text of a TOML document. */
export interface TomlScanner {
  /** Takes `text` when it comes next. */
  take(text: string): boolean;
  /** Tells whether `text` comes next. */
  sees(text: string): boolean;
  /** Skips blanks and tabs. */
  skipSpace(): void;
  /** Skips blanks, comments and ends of lines. */
  skipLines(): void;
  /** Insists on the end of the line or of the text. */
  endLine(): void;
  atEnd(): boolean;
  /** The characters of a number, a boolean or a date. */
  scalar(): string;
  /** A key of one part: bare or quoted. */
  keyPart(): string;
  /** A string of any of the four kinds; `undefined` when none comes next. */
  string(): string | undefined;
  /** @throws RegistryError `REGISTRY_SETTINGS_INVALID` */
  fail(why: string): never;
}

/** Creates a {@link TomlScanner}. @param where - names the document in errors. */
export function createTomlScanner(source: string, where: string): TomlScanner {
  const text = source.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
  let at = 0;

  function fail(why: string): never {
    throw tomlError(where, text.slice(0, at).split('\n').length, why);
  }
  const sees = (wanted: string): boolean => text.startsWith(wanted, at);
  const take = (wanted: string): boolean => {
    if (!sees(wanted)) return false;
    at += wanted.length;
    return true;
  };
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? '';
    at += found.length;
    return found;
  };
  const skipComment = (): void => {
    if (!sees('#')) return;
    const end = text.indexOf('\n', at);
    const comment = text.slice(at, end < 0 ? text.length : end);
    if (CONTROL.test(comment) || comment.includes('\r')) fail('a comment holds a control character');
    at += comment.length;
  };

  const literal = (quote: string): string => {
    const end = text.indexOf(quote, at);
    if (end < 0) fail('a string does not end');
    let inner = text.slice(at, end);
    at = end + quote.length;
    // Up to two quotes may stand directly before the closing three.
    for (let extra = 0; quote.length === 3 && extra < 2 && take("'"); extra++) inner += "'";
    return inner;
  };
  const escape = (multiline: boolean): string => {
    const letter = text[at] ?? '';
    if (Object.hasOwn(ESCAPES, letter)) {
      at++;
      return ESCAPES[letter] ?? '';
    }
    const hex = /(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))/y;
    hex.lastIndex = at;
    const found = hex.exec(text);
    if (found !== null) {
      const code = Number.parseInt(found[1] ?? found[2] ?? found[3] ?? '', 16);
      if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) fail('an escape is no character');
      at += found[0].length;
      return String.fromCodePoint(code);
    }
    if (multiline && /^[ \t]*\n/.test(text.slice(at, at + 1000))) {
      while (/[ \t\n]/.test(text[at] ?? '')) at++;
      return '';
    }
    return fail('an escape in a string is unknown');
  };
  const basic = (quote: string): string => {
    const parts: string[] = [];
    for (;;) {
      const start = at;
      while (at < text.length && text[at] !== '"' && text[at] !== '\\') at++;
      parts.push(text.slice(start, at));
      if (at >= text.length) fail('a string does not end');
      if (take('\\')) parts.push(escape(quote.length === 3));
      else if (take(quote)) break;
      else parts.push(text[at++] ?? '');
    }
    for (let extra = 0; quote.length === 3 && extra < 2 && take('"'); extra++) parts.push('"');
    return parts.join('');
  };
  const string = (): string | undefined => {
    for (const quote of ['"""', "'''", '"', "'"]) {
      if (!take(quote)) continue;
      const start = at;
      const multiline = quote.length === 3;
      if (multiline) take('\n');
      const value = quote.startsWith('"') ? basic(quote) : literal(quote);
      const raw = text.slice(start, at);
      if (CONTROL.test(raw) || raw.includes('\r')) fail('a string holds a control character');
      if (!multiline && raw.includes('\n')) fail('a string does not end in its line');
      return value;
    }
    return undefined;
  };

  return {
    take,
    sees,
    fail,
    string,
    atEnd: () => at >= text.length,
    scalar: () => match(SCALAR),
    skipSpace: () => void match(SPACE),
    skipLines() {
      do {
        match(SPACE);
        skipComment();
      } while (take('\n'));
    },
    endLine() {
      match(SPACE);
      skipComment();
      if (at < text.length && !take('\n')) fail('something follows where the line should end');
    },
    keyPart() {
      if (sees('"""') || sees("'''")) fail('a key must be in one line');
      const quoted = string();
      if (quoted !== undefined) return quoted;
      const bare = match(BARE_KEY);
      return bare === '' ? fail('a key is missing') : bare;
    },
  };
}
