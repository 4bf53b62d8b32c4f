// SPDX-License-Identifier: MIT
import fc from 'fast-check';

/** A file with nearly everything in it. */
export const SAMPLE: string = `# syntax=docker/dockerfile:1
# escape=\\

# VERSION of the base
ARG VERSION=12 \\
    # which
    OTHER="a b"
FROM --platform=$BUILDPLATFORM debian:$VERSION AS build\r
RUN --mount=type=cache,target=/c --network=none \\
  apt-get update \\

  && true
COPY --from=x --chown=1:2 <<A <<-'B' c* /d/
one
A
\ttwo
\tB
ENV A=b "C"='d' \\
  E=f\\ g
HEALTHCHECK --interval=1s CMD ["a", "b"]
ONBUILD RUN <<E
#!/bin/sh
E
FORM x
CMD ["a"`;

const fragment = fc.oneof(
  fc.constantFrom(
    'FROM a',
    'RUN b',
    'COPY a b',
    'ENV a=b',
    'ONBUILD ',
    'run <<E',
    'E',
    '<<-',
    '# escape=`',
    '# syntax=x',
    '#',
    '--',
    '--x=y',
    '["a"]',
  ),
  fc.constantFrom(
    '\n',
    '\r\n',
    '\\\n',
    '`\n',
    ' ',
    '\t',
    '"',
    "'",
    '\\',
    '`',
    '<<',
    '[',
    ']',
    '=',
    '\ufeff',
    '\u00a0',
    '\u0085',
    '\ud800',
    '\0',
  ),
  fc.string({ unit: 'binary', maxLength: 5 }),
);
/** Files of pieces that matter to the parser, in any order. */
export const randomFile: fc.Arbitrary<string> = fc
  .array(fragment, { maxLength: 40 })
  .map((parts) => parts.join(''));
/** {@link SAMPLE} with pieces put in and taken out. */
export const mutatedFile: fc.Arbitrary<string> = fc
  .array(fc.tuple(fc.nat(SAMPLE.length), fc.nat(4), fragment), { maxLength: 8 })
  .map((edits) =>
    edits.reduce(
      (text, [at, removed, added]) => text.slice(0, at) + added + text.slice(at + removed),
      SAMPLE,
    ),
  );
