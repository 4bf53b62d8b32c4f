// SPDX-License-Identifier: MIT

const ESCAPED = /[<>&\u2028\u2029]/g;

/**
 * An image config's bytes: compact, the top-level keys in alphabetical order, escaped as Go does. The same config always
 * gives the same bytes, whoever put its members together.
 */
export function configBytes(config: object): Uint8Array {
  const sorted = Object.fromEntries(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));
  return encode(JSON.stringify(sorted));
}

/** The bytes of a manifest or index: indented by two spaces, members in the order given. */
export function documentBytes(document: object): Uint8Array {
  return encode(JSON.stringify(document, undefined, 2));
}

/** JSON whose members keep their order, on one line. */
export function compactBytes(value: unknown): Uint8Array {
  return encode(JSON.stringify(value));
}

function encode(json: string): Uint8Array {
  const escaped = json.replace(
    ESCAPED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return new TextEncoder().encode(escaped);
}
