// SPDX-License-Identifier: MIT

/**
 * What a piece of text is.
 *
 * `continuation` is the escape character that ends a line, with the blanks and
 * the line ending after it; `arguments` is everything of an instruction that is
 * neither keyword nor flag, one token per physical line.
 */
export type TokenKind =
  | 'bom'
  | 'whitespace'
  | 'newline'
  | 'comment'
  | 'directive'
  | 'keyword'
  | 'flag'
  | 'arguments'
  | 'continuation'
  | 'heredoc-body'
  | 'heredoc-end';

/** A piece of text; every character of the file is in exactly one token. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** UTF-16 code units from the start of the text. */
  readonly offset: number;
}

/** A run of blank lines, a comment line, a directive line, or one instruction with its continued lines and heredocs. */
export interface SyntaxItem {
  readonly kind: 'blank' | 'comment' | 'directive' | 'instruction';
  /** Physical line it starts on, the first is 1. The offset is that of the first token. */
  readonly line: number;
  /** At least one. */
  readonly tokens: readonly Token[];
}

/** The whole file as written; holds nothing that is not text. */
export interface SyntaxTree {
  readonly items: readonly SyntaxItem[];
}

/** Writes a parsed file, or its tree, back: `print(parse(text)) === text` for every text. */
export function print(source: SyntaxTree | { readonly tree: SyntaxTree }): string {
  const { items } = 'tree' in source ? source.tree : source;
  const pieces: string[] = [];
  for (const item of items) {
    for (const token of item.tokens) pieces.push(token.text);
  }
  return pieces.join('');
}
