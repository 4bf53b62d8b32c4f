// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { formatExcerpt } from '../src/index.ts';
import { failure } from './lower.ts';

/** Instruction in the third line of a file, and the error's text. */
const INSTRUCTIONS: readonly (readonly [instruction: string, message: string])[] = [
  ['RUNN x', 'unknown instruction: RUNN (did you mean RUN?)'],
  ['runn x', 'unknown instruction: runn (did you mean run?)'],
  ['COPY --form=a b c', 'unknown flag: --form (did you mean from?)'],
  ['RUN --mount=typ=cache,target=/c x', "unexpected key 'typ' in 'typ=cache' (did you mean type?)"],
  ['RUN --mount=type=cash,target=/c x', 'unsupported mount type "cash" (did you mean cache?)'],
  ['RUN --mount=type=cache,target=/c,sharing=priv x', 'unsupported sharing value "priv"'],
  ['RUN --mount=type=bind,target=/c,uid=1 x', 'uid'],
  ['RUN --mount=type=bind,target=/c,required x', 'required'],
  ['RUN --mount=type=cache,target=/c,size=1m x', 'size'],
  ['RUN --mount=type=tmpfs x', 'invalid mount target ""'],
  ['RUN --mount=type=ssh,source=/a x', 'source'],
  ['ENV', 'ENV requires at least one argument'],
  ['ENV A', 'ENV must have two arguments'],
  ['ENV A=1 B', "Syntax error - can't find = in"],
  ['LABEL A=1 B', "Syntax error - can't find = in"],
  ['ENV =1', 'ENV names can not be blank'],
  [
    'COPY a',
    'COPY requires at least two arguments, but only one was provided. Destination could not be determined',
  ],
  ['FROM a b', 'FROM requires either one or three arguments'],
  ['FROM a AS 1b', 'invalid name for build stage'],
  ['USER', 'USER requires exactly one argument'],
  ['COPY --chown=1 --chown=2 a b', 'duplicate flag specified: chown'],
  ['COPY --chown a b', 'missing a value on flag: chown'],
  ['COPY --link=maybe a b', 'expecting boolean value for flag link, not: maybe'],
  ['ENV A=${}', 'bad substitution'],
  ['ENV A=${B:#c}', 'unsupported modifier (:#) in substitution'],
  ['ENV A=${B', "missing '}'"],
  ['ENV A="${B?is not set}"', 'B: is not set'],
  ['COPY --from=9 a b', 'invalid stage index 9'],
  [
    'COPY --from=$X a b',
    'variable expansion is not supported for --from, define a new stage with FROM using ARG',
  ],
  [
    'RUN --mount=from=$X,target=/a x',
    "'from' doesn't support variable expansion, define alias stage instead",
  ],
  [
    'COPY --chmod=64a a b',
    "invalid chmod parameter: '64a'. it should be octal string and between 0 and 07777",
  ],
  ['ADD --checksum=sha256:00 a b', 'checksum requires HTTP(S) or Git sources'],
  ['ADD --checksum=md5:00 https://h/a b', 'only sha256 is supported'],
  ['ADD --checksum=x https://h/a https://h/b c/', "checksum can't be specified for multiple sources"],
  ['COPY https://h/r.git b', "source can't be a git ref for COPY"],
  ['COPY https://h/r b', "source can't be a URL for COPY"],
  ['ADD https://h/r.git?x=1 b', 'unexpected query "x"'],
  ['ADD --keep-git-dir=false https://h/r.git?keep-git-dir=1 b', 'inconsistent keep-git-dir configuration'],
  ['STOPSIGNAL SIGNOPE', 'invalid signal: SIGNOPE'],
  ['STOPSIGNAL 0', 'invalid signal: 0'],
  ['HEALTHCHECK --interval=1us CMD x', 'Interval "interval" cannot be less than 1ms'],
  ['HEALTHCHECK --retries=-1 CMD x', '--retries cannot be negative'],
  ['HEALTHCHECK NONE x', 'HEALTHCHECK NONE takes no arguments'],
  ['EXPOSE 1/ftp', 'invalid proto: ftp'],
  ['EXPOSE x:1', 'invalid hostPort: x'],
  ['EXPOSE x', 'invalid containerPort: x'],
  ['EXPOSE 99999', 'invalid containerPort: 99999'],
  ['EXPOSE 9-8', 'invalid containerPort: 9-8'],
  ['EXPOSE 1.2.3:1:2', 'invalid IP address: 1.2.3'],
  ['ONBUILD ONBUILD RUN x', "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
  ['ONBUILD FROM a', "FROM isn't allowed as an ONBUILD trigger"],
  ['ONBUILD MAINTAINER a', "MAINTAINER isn't allowed as an ONBUILD trigger"],
  ['VOLUME [""]', 'VOLUME specified can not be an empty string'],
  ['SHELL /bin/sh -c', 'SHELL requires the arguments to be in JSON form'],
  ['RUN []', 'arguments are required'],
  ['RUN --mount=type=bind,target=/ x', 'invalid mount target "/"'],
];

describe('messages', () => {
  test.each(INSTRUCTIONS)('%s: %s', async (instruction, message) => {
    const error = await failure(`FROM busybox\n\n${instruction}\n\nRUN true\n`);

    expect(error.message).toContain(message);
    expect(error).toMatchObject({ file: 'Dockerfile', ranges: [{ startLine: 3, endLine: 3 }] });
  });

  test.each([
    ['', 'the Dockerfile cannot be empty'],
    ['# only a comment\n', 'file with no instructions'],
    ['ARG A=1\n', 'dockerfile contains no stages to build'],
    ['RUN x\nFROM busybox\n', 'no build stage in current context'],
    ['# escape=x\nFROM busybox\n', "invalid escape token 'x' does not match ` or \\"],
    [
      '# syntax=docker/dockerfile:1\n# syntax=docker/dockerfile:2\nFROM busybox\n',
      'only one syntax parser directive can be used',
    ],
    ['FROM busybox\nRUN <<EOF\na\nb\n', 'unterminated heredoc'],
    ['FROM $NONE\n', 'base name ($NONE) should not be blank'],
    ['FROM --platform=$NONE busybox\n', 'empty platform value from expression $NONE'],
    ['FROM 0\n', '0: failed to resolve source metadata for docker.io/library/0:latest: not found'],
    ['FROM busybox AS Up\nFROM Up\n', 'failed to parse stage name "Up"'],
  ])('%j: %s', async (text, message) => {
    expect((await failure(text)).message.toLowerCase()).toContain(message.toLowerCase());
  });

  test('an unterminated heredoc is marked to the end of the file', async () => {
    const { ranges } = await failure('FROM busybox\nRUN <<EOF\na\nb\n');

    expect(ranges).toEqual([{ startLine: 2, endLine: expect.any(Number) }]);
    expect(ranges[0]?.endLine).toBeGreaterThanOrEqual(4);
  });

  test('all lines of an instruction are marked', async () => {
    const text = 'FROM busybox\nCOPY a \\\n  # why\n  --chmod=9 \\\n  /to\nENV A=${B:?no B} \\\n  C=1\n';
    const error = await failure(text);

    expect(formatExcerpt('Dockerfile', text, error.ranges[0] ?? { startLine: 0, endLine: 0 })).toContain(
      '   6 | >>> ENV A=${B:?no B} \\\n   7 | >>>   C=1\n',
    );
  });

  test('stages that need each other through a mount, or as base, are a circle', async () => {
    const mounted =
      'FROM busybox AS a\nRUN --mount=from=b,target=/b x\nFROM busybox AS b\nCOPY --from=a / /\n';
    const based = 'FROM busybox AS a\nCOPY --from=b / /\nFROM a AS b\n';

    for (const text of [mounted, based])
      expect(await failure(text)).toMatchObject({
        message: 'circular dependency detected on stage: a',
        ranges: [expect.objectContaining({ startLine: 2 }), expect.anything()],
      });
  });
});

describe('bad input', () => {
  test('a line that is too long is an error, and its excerpt is short', async () => {
    const text = `FROM busybox\nRUN ${'x'.repeat(70_000)}\n`;
    const error = await failure(text);

    expect(error).toMatchObject({ code: 'DOCKERFILE_INVALID', ranges: [{ startLine: 2, endLine: 2 }] });
    expect(error.message).toMatch(/65535|too long/);
    expect(error.message.length).toBeLessThan(500);
    expect(formatExcerpt('Dockerfile', text, { startLine: 2, endLine: 2 }).length).toBeLessThan(1000);
  });

  test('bytes that are no UTF-8, and NUL, are carried on', async () => {
    const text = Buffer.from([...Buffer.from('FROM busybox\nSTOPSIGNAL '), 0xff, 0, 10]).toString('utf8');

    expect((await failure(text)).message).toBe('invalid signal: \ufffd\0');
  });

  test('circles of any length are found', async () => {
    const count = 3000;
    const stages = Array.from(
      { length: count },
      (_, index) => `FROM scratch AS s${index}\nCOPY --from=s${(index + 1) % count} a /\n`,
    );

    expect(await failure(stages.join(''))).toMatchObject({
      code: 'STAGE_ORDER_INVALID',
      message: 'circular dependency detected on stage: s0',
    });
  });

  test('deep expansions are bounded', async () => {
    const depth = 5000;
    const error = await failure(`FROM busybox\nENV A=${'${A:-'.repeat(depth)}x${'}'.repeat(depth)}\n`).catch(
      () => undefined,
    );

    expect(error?.code ?? 'EXPANSION_INVALID').toBe('EXPANSION_INVALID');
  });
});
