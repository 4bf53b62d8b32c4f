// SPDX-License-Identifier: MIT
import { stripVTControlCharacters } from 'node:util';

/**
 * Stands in for the string-width package in the bundle: columns counted as code points.
 *
 * The help text is plain ASCII, and the emoji tables of the full package cost 30 ms at every start.
 */
export default function stringWidth(text) {
  return [...stripVTControlCharacters(String(text))].length;
}
