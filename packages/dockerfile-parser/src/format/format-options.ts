// SPDX-License-Identifier: MIT

/** What a file should look like. */
export interface FormatOptions {
  /** White space at the start of continued lines between words; default four blanks. */
  readonly indent?: string;
  /** Letter case of instructions, AS, and CMD or NONE of HEALTHCHECK; default `upper`. */
  readonly keywords?: 'upper' | 'lower' | 'keep';
  /** Line endings; default `auto`: that of the first line. Heredoc bodies keep theirs. */
  readonly newline?: 'auto' | 'lf' | 'crlf';
  /** Put a blank line above the second and later FROM; default true. */
  readonly separateStages?: boolean;
}

/** {@link FormatOptions} with all answers. */
export interface Layout {
  readonly indent: string;
  readonly keywords: 'upper' | 'lower' | 'keep';
  readonly newline: string;
  readonly separateStages: boolean;
}

const NEWLINES = { lf: '\n', crlf: '\r\n' } as const;

/** Fills in what the options leave open. */
export function layoutFor(text: string, options: FormatOptions): Layout {
  const { indent = '    ', keywords = 'upper', newline = 'auto', separateStages = true } = options;
  return {
    indent: /^[ \t]*$/.test(indent) ? indent : '    ',
    keywords,
    newline: newline === 'auto' ? newlineOf(text) : NEWLINES[newline],
    separateStages,
  };
}

/** The line ending of the first line. */
export function newlineOf(text: string): '\n' | '\r\n' {
  return text[text.indexOf('\n') - 1] === '\r' ? '\r\n' : '\n';
}
