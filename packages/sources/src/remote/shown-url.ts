// SPDX-License-Identifier: MIT

/** A URL, or text with one, as it may be shown: without user, password and query. */
export function withoutSecrets(text: string): string {
  return text.replace(/([a-z+]+:\/\/)[^/@\s]*@/gi, '$1xxxxx@').replace(/\?[^\s#]*/g, '?…');
}
