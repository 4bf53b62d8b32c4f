// SPDX-License-Identifier: MIT
import { isSpace } from './characters.ts';

/** Splits an expanded word at white space that was not quoted. */
export interface WordCollector {
  /** Adds text whose white space separates words. */
  addSplitting(text: string): void;
  /** Adds text that belongs to the current word whatever is in it. */
  addWhole(text: string): void;
  /** All words; empty ones are dropped. */
  words(): readonly string[];
}

/** Creates an empty {@link WordCollector}. */
export function createWordCollector(): WordCollector {
  const finished: string[] = [];
  let current = '';
  const finish = (): void => {
    if (current !== '') finished.push(current);
    current = '';
  };
  return {
    addSplitting(text) {
      let start = 0;
      for (let at = 0; at < text.length; at++) {
        if (!isSpace(text.charCodeAt(at))) continue;
        current += text.slice(start, at);
        finish();
        start = at + 1;
      }
      current += text.slice(start);
    },
    addWhole(text) {
      current += text;
    },
    words() {
      finish();
      return finished;
    },
  };
}
