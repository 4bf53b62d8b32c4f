// SPDX-License-Identifier: MIT

/** One way a server offers to be convinced. */
export interface Challenge {
  /** Lower case. */
  readonly scheme: string;
  /** Names in lower case, values unescaped. */
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=+(?=[ \t]*(?:,|$))/y;
const QUOTED = /"((?:[^"\\]|\\[\s\S])*)"/y;
const BARE_VALUE = /[^\s,"]+/y;
const SPACE = /[ \t]*/y;
const SEPARATORS = /[ \t,]*/y;
/** Longest header value looked at, in characters. */
const MAX_LENGTH = 16 * 1024;

/**
 * Parses the values of `WWW-Authenticate`, however many challenges each holds. What breaks the grammar is skipped.
 *
 * @see RFC 9110 §11.6.1
 */
export function parseChallenges(values: readonly string[]): Challenge[] {
  return values.flatMap((value) => parseValue(value.slice(0, MAX_LENGTH)));
}

function parseValue(text: string): Challenge[] {
  const found: { scheme: string; parameters: Record<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    at = pattern.lastIndex;
    return match[1] ?? match[0];
  };
  while (at < text.length) {
    take(SEPARATORS);
    const name = take(TOKEN);
    if (name === undefined) {
      // An unexpected character (a stray quote, a bracket): go on behind it.
      at++;
      continue;
    }
    take(SPACE);
    const parameters = found.at(-1)?.parameters;
    if (text[at] === '=' && parameters !== undefined) {
      at++;
      take(SPACE);
      const quoted = take(QUOTED);
      const value = quoted === undefined ? (take(BARE_VALUE) ?? '') : quoted.replace(/\\([\s\S])/g, '$1');
      parameters[name.toLowerCase()] ??= value;
      continue;
    }
    found.push({ scheme: name.toLowerCase(), parameters: Object.create(null) as Record<string, string> });
    // `Negotiate abc==` carries one bare value instead of parameters.
    take(TOKEN68);
  }
  return found;
}
