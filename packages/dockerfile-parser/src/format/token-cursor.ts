// SPDX-License-Identifier: MIT
import type { Token, TokenKind } from '../syntax-tree.ts';

/** A token or a part of one. */
export interface Piece {
  readonly kind: TokenKind;
  readonly text: string;
}

/** Walks over the tokens of an instruction by source offset. */
export interface TokenCursor {
  /** Everything up to the offset that was not taken yet; a token that reaches beyond it is cut. */
  take(end: number): readonly Piece[];
}

/** Creates a cursor before the first token. */
export function createTokenCursor(tokens: readonly Token[]): TokenCursor {
  let index = 0;
  let at = tokens[0]?.offset ?? 0;
  return {
    take(end) {
      const pieces: Piece[] = [];
      for (let token = tokens[index]; token !== undefined && at < end; token = tokens[index]) {
        const tokenEnd = token.offset + token.text.length;
        const stop = Math.min(end, tokenEnd);
        pieces.push({ kind: token.kind, text: token.text.slice(at - token.offset, stop - token.offset) });
        at = stop;
        if (stop === tokenEnd) index++;
      }
      return pieces;
    },
  };
}
