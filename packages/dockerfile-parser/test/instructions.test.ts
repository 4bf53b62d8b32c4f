// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { firstError, parse } from '../src/index.ts';
import { errorsOf, firstOf, valuesOf } from './first-instruction.ts';

describe('flags', () => {
  test('are the leading words that start with two dashes, quotes and backslashes removed', () => {
    const { flags, sources } = firstOf(
      'copy',
      `COPY --chown="a b" --exclude='*' \\\n --exclude=x\\ y --link src --not-a-flag /d`,
    );

    expect(flags.map(({ name, value }) => [name, value])).toEqual([
      ['chown', 'a b'],
      ['exclude', '*'],
      ['exclude', 'x y'],
      ['link', null],
    ]);
    expect(valuesOf(sources as readonly { value: string }[])).toEqual(['src', '--not-a-flag']);
  });

  test('end at a bare --, which is dropped', () => {
    expect(firstOf('run', 'RUN --network=none -- --x y').command).toMatchObject({ text: '--x y' });
  });

  test.each([
    ['--link', true],
    ['--link=true', true],
    ['--link=FALSE', false],
    ['', false],
  ])('COPY %s', (flag, link) => {
    expect(firstOf('copy', `COPY ${flag} a b`).link).toBe(link);
  });

  test.each([
    ['COPY --form=x a b', 'unknown flag: --form (did you mean from?)'],
    ['COPY --whatever a b', 'unknown flag: --whatever'],
    ['COPY --from=a --from=b a b', 'duplicate flag specified: from'],
    ['COPY --link --link a b', 'duplicate flag specified: link'],
    ['COPY --from a b', 'missing a value on flag: from'],
    ['COPY --link= a b', 'missing a value on flag: link'],
    ['COPY --link=1 a b', 'expecting boolean value for flag link, not: 1'],
    ['ENV --x=1 a=b', 'unknown flag: --x'],
    ['RUN --network=all x', 'invalid network mode "all"'],
    ['RUN --security=none x', 'security "none" is not valid'],
    ['RUN --device=a,foo=b x', "unexpected key 'foo' in 'foo=b'"],
    ['RUN --device=a,requird=b x', "unexpected key 'requird' in 'requird=b' (did you mean required?)"],
  ])('%s is refused', (text, message) => {
    expect(errorsOf(`FROM a\n${text}`)).toEqual([message]);
  });
});

describe('FROM', () => {
  test('has base, platform and name', () => {
    expect(firstOf('from', 'from --platform=$P a:1 As Build_1.x-y')).toMatchObject({
      base: { value: 'a:1' },
      platform: { value: '$P' },
      name: 'build_1.x-y',
      alias: { value: 'Build_1.x-y' },
      as: { value: 'As' },
    });
  });

  test.each([
    ['FROM', 'FROM requires either one or three arguments'],
    ['FROM a b', 'FROM requires either one or three arguments'],
    ['FROM a IS b', 'FROM requires either one or three arguments'],
    ['FROM a AS 1b', `invalid name for build stage: "1b", name can't start with a number or contain symbols`],
    [
      'FROM a AS b/c',
      `invalid name for build stage: "b/c", name can't start with a number or contain symbols`,
    ],
  ])('%s is refused', (text, message) => {
    expect(errorsOf(text)).toEqual([message]);
  });
});

test('RUN has its flags', () => {
  const run = firstOf(
    'run',
    'RUN --mount=target=/a --mount=type=ssh --network=host --security=insecure --device=v/c=all,required --device=name=d x',
  );

  expect(run).toMatchObject({ network: 'host', security: 'insecure', command: { form: 'shell', text: 'x' } });
  expect(run.mounts.map(({ text }) => text)).toEqual(['target=/a', 'type=ssh']);
  expect(run.devices).toMatchObject([
    { name: 'v/c=all', required: true },
    { name: 'd', required: false },
  ]);
  expect(firstOf('run', 'RUN ["a", "$b"]').command).toMatchObject({
    form: 'exec',
    args: [{ value: 'a' }, { value: '$b' }],
  });
});

test('CMD and ENTRYPOINT keep shell text as it is', () => {
  expect(firstOf('cmd', "CMD  a 'b'  $c ").command).toMatchObject({ form: 'shell', text: "a 'b'  $c" });
  expect(firstOf('entrypoint', 'ENTRYPOINT []junk').command).toMatchObject({ form: 'shell', text: '[]junk' });
  expect(firstOf('entrypoint', 'ENTRYPOINT []').command).toMatchObject({ form: 'exec', args: [] });
});

describe('COPY and ADD', () => {
  test('have sources, destination and flags', () => {
    expect(
      firstOf('copy', 'COPY --from=x --chown=u --chmod=7 --parents --exclude=a --exclude=b s1 s2 d/'),
    ).toMatchObject({
      sources: [{ value: 's1' }, { value: 's2' }],
      destination: { value: 'd/' },
      from: { value: 'x' },
      chown: { value: 'u' },
      chmod: { value: '7' },
      parents: true,
      excludes: [{ value: 'a' }, { value: 'b' }],
    });
    expect(
      firstOf('add', 'ADD --checksum=sha256:x --keep-git-dir --unpack=false ["a b", "c"]'),
    ).toMatchObject({
      sources: [{ type: 'path', value: 'a b' }],
      destination: { value: 'c' },
      checksum: { value: 'sha256:x' },
      keepGitDir: true,
      unpack: false,
      link: false,
    });
    expect(firstOf('add', 'ADD a b')).toMatchObject({ keepGitDir: null, unpack: null, checksum: null });
  });

  test.each(['COPY', 'COPY a', 'ADD a', 'ADD ["a"]'])('%s lacks the destination', (text) => {
    const [keyword] = text.split(' ');
    expect(errorsOf(text)).toEqual([
      `${keyword} requires at least two arguments, but only one was provided. Destination could not be determined`,
    ]);
  });
});

describe('ENV, LABEL and ARG', () => {
  test.each<[string, readonly (readonly [string, string])[]]>([
    ['ENV a=b', [['a', 'b']]],
    [
      'ENV a= b="c d" e=\'f g\' h=i\\ j "k l"=m=n',
      [
        ['a', ''],
        ['b', '"c d"'],
        ['e', "'f g'"],
        ['h', 'i\\ j'],
        ['"k l"', 'm=n'],
      ],
    ],
    ['ENV a b  c', [['a', 'b  c']]],
    ['ENV a \t b=c', [['a', 'b=c']]],
    [
      'ENV a=b \\\n # comment\n c=d\\',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['ENV a=${b:-"c d"}', [['a', '${b:-"c d"}']]],
  ])('%j', (text, pairs) => {
    expect(firstOf('env', text).pairs.map(({ key, value }) => [key.value, value.value])).toEqual(pairs);
    const label = text.replace('ENV', 'LABEL');
    expect(firstOf('label', label).pairs.map(({ key, value }) => [key.value, value.value])).toEqual(pairs);
  });

  test('tell the older form', () => {
    expect([firstOf('env', 'ENV a b').legacy, firstOf('env', 'ENV a=b').legacy]).toEqual([true, false]);
  });

  test('ARG declares names with and without default', () => {
    expect(
      firstOf('arg', 'ARG a b= c="d e" f=$g').declarations.map(({ name, value }) => [
        name.value,
        value?.value,
      ]),
    ).toEqual([
      ['a', undefined],
      ['b', ''],
      ['c', '"d e"'],
      ['f', '$g'],
    ]);
  });

  test.each([
    ['ENV', 'ENV requires at least one argument'],
    ['ENV a', 'ENV must have two arguments'],
    ['LABEL a', 'LABEL must have two arguments'],
    ['ENV a=b c', `Syntax error - can't find = in "c". Must be of the form: name=value`],
    ['ENV X=${a:+b c}', `Syntax error - can't find = in "c}". Must be of the form: name=value`],
    ['ENV =b', 'ENV names can not be blank'],
    ['LABEL =b', 'LABEL names can not be blank'],
    ['ARG', 'ARG requires at least one argument'],
    ['ARG =b', 'ARG names can not be blank'],
  ])('%s is refused', (text, message) => {
    expect(errorsOf(`FROM a\n${text}`)).toEqual([message]);
  });
});

describe('the others', () => {
  test('take words', () => {
    expect(valuesOf(firstOf('expose', 'EXPOSE 80  $P 1-2/udp').ports)).toEqual(['80', '$P', '1-2/udp']);
    expect(firstOf('user', 'USER a b').user.value).toBe('a b');
    expect(firstOf('workdir', 'WORKDIR "/a b"/c').path.value).toBe('"/a b"/c');
    expect(firstOf('stopsignal', 'STOPSIGNAL $S').signal.value).toBe('$S');
    expect(firstOf('maintainer', 'MAINTAINER Me <me@x>').name.value).toBe('Me <me@x>');
    expect(valuesOf(firstOf('volume', 'VOLUME a "b c"').paths)).toEqual(['a', '"b', 'c"']);
    expect(valuesOf(firstOf('volume', 'VOLUME ["a", " b c "]').paths)).toEqual(['a', 'b c']);
    expect(valuesOf(firstOf('shell', 'SHELL ["a", "-c"]').args)).toEqual(['a', '-c']);
  });

  test('HEALTHCHECK has durations in nanoseconds', () => {
    const flags = '--interval=1m30s --timeout=1.5s --start-period=0s --start-interval=1ms --retries=3';

    expect(firstOf('healthcheck', `HEALTHCHECK ${flags} CMD a b`)).toMatchObject({
      command: { form: 'shell', text: 'a b' },
      interval: 90e9,
      timeout: 1.5e9,
      startPeriod: 0,
      startInterval: 1e6,
      retries: 3,
    });
    expect(firstOf('healthcheck', 'HEALTHCHECK none').command).toBeNull();
    expect(firstOf('healthcheck', 'HEALTHCHECK cmd ["a"]').command).toMatchObject({ form: 'exec' });
  });

  test('ONBUILD has its trigger', () => {
    expect(firstOf('onbuild', 'onbuild \t copy \\\n --from=x a b')).toMatchObject({
      original: 'onbuild \t copy  --from=x a b',
      expression: 'copy  --from=x a b',
      trigger: {
        kind: 'copy',
        keyword: 'copy',
        from: { value: 'x' },
        range: { start: { line: 1, column: 11 } },
      },
    });
  });

  test('a trigger with bad arguments is only warned about', () => {
    const { diagnostics } = parse('FROM a\nONBUILD COPY a');

    expect(diagnostics).toMatchObject([{ severity: 'warning', code: 'ARGUMENT_COUNT' }]);
    expect(firstError(diagnostics)).toBeNull();
  });

  test.each([
    ['EXPOSE', 'EXPOSE requires at least one argument'],
    ['USER', 'USER requires exactly one argument'],
    ['WORKDIR', 'WORKDIR requires exactly one argument'],
    ['STOPSIGNAL', 'STOPSIGNAL requires exactly one argument'],
    ['MAINTAINER', 'MAINTAINER requires exactly one argument'],
    ['VOLUME', 'VOLUME requires at least one argument'],
    ['VOLUME [""]', 'VOLUME specified can not be an empty string'],
    ['SHELL', 'SHELL requires at least one argument'],
    ['SHELL []', 'SHELL requires at least one argument'],
    ['SHELL sh -c', 'SHELL requires the arguments to be in JSON form'],
    ['HEALTHCHECK', 'HEALTHCHECK requires at least one argument'],
    ['HEALTHCHECK NONE a', 'HEALTHCHECK NONE takes no arguments'],
    ['HEALTHCHECK CMD', 'Missing command after HEALTHCHECK CMD'],
    ['HEALTHCHECK CMD []', 'Missing command after HEALTHCHECK CMD'],
    ['HEALTHCHECK curl x', 'Unknown type "CURL" in HEALTHCHECK (try CMD)'],
    ['HEALTHCHECK --interval=1us CMD a', 'Interval "interval" cannot be less than 1ms'],
    ['HEALTHCHECK --start-period=-1s CMD a', 'Interval "start-period" cannot be less than 1ms'],
    ['HEALTHCHECK --timeout=5 CMD a', 'time: missing unit in duration "5"'],
    ['HEALTHCHECK --timeout=5x CMD a', 'time: invalid duration "5x"'],
    ['HEALTHCHECK --retries=-1 CMD a', '--retries cannot be negative (-1)'],
    ['HEALTHCHECK --retries=x CMD a', 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['HEALTHCHECK --retries=9999999999 CMD a', 'strconv.ParseInt: parsing "9999999999": value out of range'],
    ['ONBUILD', 'ONBUILD requires at least one argument'],
    ['ONBUILD ONBUILD RUN a', "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
    ['ONBUILD from a', "FROM isn't allowed as an ONBUILD trigger"],
    ['ONBUILD MAINTAINER a', "MAINTAINER isn't allowed as an ONBUILD trigger"],
    ['FORM a', 'unknown instruction: FORM (did you mean FROM?)'],
    ['rnu a', 'unknown instruction: rnu (did you mean run?)'],
    ['WHATEVER a', 'unknown instruction: WHATEVER'],
  ])('%s is refused', (text, message) => {
    expect(errorsOf(`FROM a\n${text}`)).toEqual([message]);
    expect(parse(`FROM a\n${text}`).instructions[1]?.kind).toMatch(/^(?:invalid|unknown)$/);
  });
});
