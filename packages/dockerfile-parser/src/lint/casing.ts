// SPDX-License-Identifier: MIT

/** How a keyword is written. Words without letters count as lower case. */
export function casingOf(word: string): 'lower' | 'upper' | 'mixed' {
  if (word === word.toLowerCase()) return 'lower';
  return word === word.toUpperCase() ? 'upper' : 'mixed';
}
