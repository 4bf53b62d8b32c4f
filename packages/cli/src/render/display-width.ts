// SPDX-License-Identifier: MIT

/** Ranges that terminals draw two columns wide. @see Unicode 16, EastAsianWidth.txt (W, F) and emoji-data.txt */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const ZERO = /\p{Mn}|\p{Me}|\p{Cf}/u;

/** Columns a text without control characters takes on a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** The longest beginning of `text` that fits. */
export function cutToWidth(text: string, columns: number): string {
  let [width, end] = [0, 0];
  for (const character of text) {
    width += widthOf(character);
    if (width > columns) return text.slice(0, end);
    end += character.length;
  }
  return text;
}

/** `text` cut or filled with blanks to exactly `columns`. */
export function fitToWidth(text: string, columns: number): string {
  const fitting = cutToWidth(text, Math.max(0, columns));
  return fitting + ' '.repeat(Math.max(0, columns - displayWidth(fitting)));
}

function widthOf(character: string): number {
  if (character <= '\u007e') return 1;
  if (WIDE.test(character)) return 2;
  return ZERO.test(character) ? 0 : 1;
}
