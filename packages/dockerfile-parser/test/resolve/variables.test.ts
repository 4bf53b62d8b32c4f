// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { parse, type ResolvedWord, type ResolveOptions, resolve, variablesAt } from '../../src/index.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Variables at the end of the last stage, PATH left out. */
function finalVariables(text: string, options: ResolveOptions = {}): Record<string, string> {
  const graph = resolve(parse(text), options);
  const stage = graph.stages.at(-1);
  if (stage === undefined) throw new Error('no stage');
  const { PATH: _, ...others } = Object.fromEntries(variablesAt(graph, stage));
  return others;
}

/** The words of the last instruction. */
function wordsOf(text: string, options: ResolveOptions = {}): readonly ResolvedWord[] {
  return resolve(parse(text), options).stages.at(-1)?.steps.at(-1)?.words ?? [];
}

function valuesOf(text: string, options: ResolveOptions = {}): (string | null)[] {
  return wordsOf(text, options).map(({ value }) => value);
}

describe('variables in force', () => {
  test.each<[string, ResolveOptions, Record<string, string>]>([
    ['FROM a\nENV b=1 c="2 3"', {}, { b: '1', c: '2 3' }],
    ['FROM a\nENV b=1\nENV b=2 c=$b', {}, { b: '2', c: '1' }],
    ['FROM a\nARG b=1 c=$b', {}, { b: '1', c: '1' }],
    ['FROM a\nARG b\nARG c=1', { args: { b: '7', c: '8', d: '9' } }, { b: '7', c: '8' }],
    ['FROM a\nARG b\nARG c=', {}, { c: '' }],
    ['ARG g=1\nARG h=$g\nFROM a\nARG h', {}, { h: '1' }],
    ['ARG g=1\nFROM a\nARG g=2', {}, { g: '2' }],
    ['ARG g=1\nFROM a\nARG g', { args: { g: '3' } }, { g: '3' }],
    ['ARG g=1\nFROM a', {}, {}],
    ['FROM a AS x\nARG b=1\nENV c=2\nFROM x\nENV d=$b$c', {}, { b: '1', c: '2', d: '12' }],
    ['FROM a AS x\nARG b=1\nFROM a', {}, {}],
    ['FROM a AS x\nENV b=1\nARG b=2', {}, { b: '2' }],
    ['FROM a AS x\nENV b=1\nARG b=2\nFROM x', {}, { b: '1' }],
    ['FROM a AS x\nENV b=1\nARG b=2\nENV b=3\nFROM x', {}, { b: '3' }],
    ['FROM a AS x\nENV b=1\nFROM x AS y\nARG b=2\nFROM y AS z\nFROM z', {}, { b: '1' }],
    ['FROM a\nARG b=1\nENV b=2', {}, { b: '2' }],
    [
      'FROM a\nARG TARGETARCH TARGETSTAGE',
      { platform: 'linux/arm/v7' },
      { TARGETARCH: 'arm', TARGETSTAGE: 'default' },
    ],
    ['FROM a AS b\nARG TARGETSTAGE', { target: 'b' }, { TARGETSTAGE: 'b' }],
    ['FROM a AS b\nARG TARGETSTAGE', {}, { TARGETSTAGE: 'b' }],
    ['FROM a\nARG TARGETOS', { args: { TARGETOS: 'plan9' } }, { TARGETOS: 'plan9' }],
    [
      'FROM a\nENV $b=1',
      { baseImage: () => ({ env: ['b=name', 'c=x=y', 'd'] }) },
      { b: 'name', c: 'x=y', d: '', name: '1' },
    ],
    ['FROM a\nARG BUILDKIT_SBOM_SCAN_STAGE=true', {}, {}],
    ['FROM a\nARG constructor', { args: {} }, {}],
  ])('%j with %j', (text, options, variables) => {
    expect(finalVariables(text, options)).toEqual(variables);
  });

  test('are those before the instruction', () => {
    const graph = resolve(parse('FROM a\nENV b=1\nRUN x\nENV b=2'));
    const [stage] = graph.stages;
    if (stage === undefined) throw new Error('no stage');

    expect([0, 1, 2, 3].map((step) => variablesAt(graph, stage, step).get('b'))).toEqual([
      undefined,
      '1',
      '1',
      '2',
    ]);
  });

  test('include a PATH, but not on Windows', () => {
    const path = (options: ResolveOptions): string | undefined => {
      const graph = resolve(parse('FROM a'), options);
      return graph.stages.map((stage) => variablesAt(graph, stage).get('PATH'))[0];
    };

    expect(path({})).toBe(PATH);
    expect(path({ baseImage: () => ({ env: ['PATH=/x'] }) })).toBe('/x');
    expect(path({ platform: 'windows/amd64' })).toBeUndefined();
  });

  test('say where they come from', () => {
    const { globals, stages } = resolve(parse('ARG g=1\nFROM a\nENV e=1\nARG r'), {
      baseImage: () => ({ env: ['i=1'] }),
    });

    expect(globals.at(-1)).toEqual({
      name: 'g',
      value: '1',
      origin: 'global',
      step: -1,
      range: { start: { offset: 4, line: 1, column: 5 }, end: { offset: 5, line: 1, column: 6 } },
    });
    expect(stages[0]?.variables.map(({ name, value, origin, step }) => [name, value, origin, step])).toEqual([
      ['i', '1', 'image', -1],
      ['PATH', PATH, 'default', -1],
      ['e', '1', 'env', 0],
      ['r', null, 'arg', 1],
    ]);
  });

  test('of the platforms are those of BuildKit', () => {
    const { globals } = resolve(parse('FROM a AS b'), {
      platform: 'windows(10.0.1)/amd64',
      buildPlatform: 'linux/arm64/v9',
    });

    expect(Object.fromEntries(globals.map(({ name, value }) => [name, value]))).toEqual({
      BUILDPLATFORM: 'linux/arm64/v9',
      BUILDOS: 'linux',
      BUILDOSVERSION: '',
      BUILDARCH: 'arm64',
      BUILDVARIANT: 'v9',
      TARGETPLATFORM: 'windows(10.0.1)/amd64',
      TARGETOS: 'windows',
      TARGETOSVERSION: '10.0.1',
      TARGETARCH: 'amd64',
      TARGETVARIANT: '',
      TARGETSTAGE: 'b',
    });
  });
});

describe('whether the variables are all known', () => {
  test.each<[string, ResolveOptions, boolean[]]>([
    ['FROM scratch', {}, [true]],
    ['FROM a', {}, [false]],
    ['FROM a', { baseImage: () => ({ env: [] }) }, [true]],
    ['FROM a', { baseImage: () => ({}) }, [false]],
    ['FROM a AS b\nFROM b\nFROM scratch AS c\nFROM c', {}, [false, false, true, true]],
    ['FROM a', { contexts: ['a'] }, [false]],
    ['FROM a', { contexts: ['a'], baseImage: ({ name }) => (name === 'a' ? { env: [] } : null) }, [true]],
  ])('%j with %j: %j', (text, options, known) => {
    expect(resolve(parse(text), options).stages.map(({ environmentKnown }) => environmentKnown)).toEqual(
      known,
    );
  });
});

describe('expanded words', () => {
  test.each<[string, (string | null)[]]>([
    ['COPY --chown=$v:$v --chmod=$v a$v ${v}b /$v', ['1:1', '1', 'a1', '1b', '/1']],
    ['ADD --checksum=$v a /', ['1', 'a', '/']],
    ['COPY --from=$v --exclude=$v a /', ['a', '/']],
    ['COPY <<A <<"B" /$v\n"$v"\nA\n$v\nB', ['"1"\n', '/1']],
    ['COPY <<-A /\n\t$v\\$v\n\tA', ['1$v\n', '/']],
    ['ENV $v=$v a="$v" b=\'$v\' c=\\$v', ['1', '1', 'a', '1', 'b', '$v', 'c', '$v']],
    ['LABEL $v=${v}2', ['1', '12']],
    ['EXPOSE $v $p', ['1', '3000 4000/udp']],
    ['VOLUME $v ["x"]', ['1', '[x]']],
    ['VOLUME ["$v"]', ['1']],
    ['USER $v', ['1']],
    ['WORKDIR /$v', ['/1']],
    ['STOPSIGNAL $v', ['1']],
    ['RUN --mount=type=cache,target=/$v,from=x,id=${v} echo $v', ['cache', '/1', '1']],
    ['CMD echo $v', []],
    ['ENTRYPOINT ["$v"]', []],
    ['SHELL ["$v"]', []],
    ['HEALTHCHECK CMD $v', []],
    ['ONBUILD ENV a=$v', []],
    ['ARG a=$v b=$a c', ['1', '1']],
    ['USER ${v', [null]],
    ['USER ${none:?}', [null]],
  ])('%j', (instruction, values) => {
    expect(valuesOf(`FROM a\nENV v=1 p="3000 4000/udp"\n${instruction}`)).toEqual(values);
  });

  test('honour the escape directive, heredocs do not', () => {
    expect(valuesOf('# escape=`\nFROM a\nUSER `$v\\')).toEqual(['$v\\']);
    expect(valuesOf('# escape=`\nFROM a\nCOPY <<A /\n`$v\\$v\nA')[0]).toBe('`$v\n');
  });

  test('say which names they use', () => {
    const [word] = wordsOf('ARG g\nFROM a\nARG d\nENV v=1\nUSER $v$none$d${v}$none');

    expect(word).toMatchObject({
      written: '$v$none$d${v}$none',
      value: '11',
      used: ['v'],
      unset: ['none', 'd'],
      undeclared: ['none'],
    });
  });

  test('of EXPOSE are split afterwards', () => {
    expect(wordsOf('FROM a\nENV p="1 2"\nEXPOSE $p 5').map(({ words }) => words)).toEqual([
      ['1', '2'],
      ['5'],
    ]);
  });

  test('of FROM see the global scope only', () => {
    const [, second] = resolve(
      parse('ARG v=1\nFROM a\nARG v=2\nFROM --platform=$TARGETPLATFORM b:$v'),
    ).stages;

    expect(second?.from.words.map(({ value }) => value)).toEqual(['linux/amd64', 'b:1']);
  });
});
