// SPDX-License-Identifier: MIT

/** A text that grows with a number. */
export type GrowingText = (size: number) => string;

/** Files that grow with a number, each in a way that could make a careless parser start over again and again. */
export const FILES: Readonly<Record<string, GrowingText>> = {
  instructions: (size) => 'RUN a && b # c\nENV A=b "C"=d\nCOPY --from=x a b\n'.repeat(size),
  'continuation lines': (size) => `RUN a${' \\\n  && b'.repeat(size)}`,
  'comments in a continuation': (size) => `RUN a \\\n${'# b\n'.repeat(size)}  c`,
  'blank lines in a continuation': (size) => `RUN a \\\n${'\n'.repeat(size)}  c`,
  'lone escape characters': (size) => '\\\n'.repeat(size),
  'escape characters in a row': (size) => `RUN ${'\\'.repeat(size)}`,
  'comments above names': (size) => `${'# A b\n'.repeat(size)}ARG ${'A=b '.repeat(size)}`,
  directives: (size) => '# escape=`\n'.repeat(size),
  flags: (size) => `RUN ${'--network=a '.repeat(size)}b`,
  mounts: (size) => `RUN ${'--mount=type=bind,from=x,"target=/a" \\\n'.repeat(size)} b`,
  'options of a mount': (size) => `RUN --mount=type=bind${',a=b'.repeat(size)} c`,
  'heredocs of one line': (size) => `RUN cat ${'<<E '.repeat(size)}\n${'a\nE\n'.repeat(size)}`,
  'heredocs without end': (size) => `COPY ${'<<E '.repeat(size)}/d\n${'a\n'.repeat(size)}`,
  'operators without names': (size) => `RUN ${'<< (('.repeat(size)}`,
  'open quotes': (size) => `RUN <<E ${'"'.repeat(2 * size + 1)}`,
  words: (size) => `COPY ${'a '.repeat(size)}/d`,
  'JSON strings': (size) => `COPY [${'"a",'.repeat(size)}"/d"]`,
  pairs: (size) => `ENV ${'A="b c" \\\n'.repeat(size)} D=e`,
  'stages with variables': (size) => 'ARG A=b\n'.repeat(size) + 'FROM $A AS b\n'.repeat(size),
  triggers: (size) => 'ONBUILD RUN --mount=type=bind a\n'.repeat(size),
  'nested triggers': (size) => 'ONBUILD '.repeat(size),
  'unknown instructions': (size) => 'RUNN a\n'.repeat(size),
  'white space at line ends': (size) => `RUN a ${' '.repeat(size)}\n`.repeat(4),
};

/** Words to expand that grow with a number. */
export const WORDS: Readonly<Record<string, GrowingText>> = {
  variables: (size) => '$abc '.repeat(size),
  'braces that never close': (size) => '${a:-'.repeat(Math.min(size, 490)) + 'b'.repeat(size),
  'nested defaults': (size) => ('${x:-'.repeat(200) + '}'.repeat(200)).repeat(size / 100),
  'nested defaults in quotes': (size) => ('"${x:-'.repeat(100) + '}"'.repeat(100)).repeat(size / 100),
  'nested replacements': (size) => ('${x/a/'.repeat(100) + '}'.repeat(100)).repeat(size / 100),
  quotes: (size) => '"$a" \'$b\' '.repeat(size),
  escapes: (size) => '\\$a'.repeat(size),
  'a long name': (size) => `$${'a'.repeat(size)}`,
  patterns: (size) => '${v//a*b/c}'.repeat(size),
};
