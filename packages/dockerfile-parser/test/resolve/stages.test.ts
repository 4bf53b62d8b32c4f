// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findCircle, parse, type ResolveOptions, resolve, type StageGraph } from '../../src/index.ts';
import { mutatedFile, randomFile } from '../arbitrary-file.ts';

function graphOf(text: string, options: ResolveOptions = {}): StageGraph {
  return resolve(parse(text), options);
}

function basesOf(text: string, options: ResolveOptions = {}): unknown[] {
  return graphOf(text, options).stages.map(({ base }) => base);
}

/** Indexes of the stages that the target needs. */
function reached(text: string, options: ResolveOptions = {}): number[] {
  return graphOf(text, options).stages.flatMap(({ index, reachable }) => (reachable ? [index] : []));
}

describe('what a stage starts from', () => {
  test.each<[string, unknown[]]>([
    ['FROM alpine', [{ type: 'image', name: 'alpine' }]],
    ['FROM scratch', [{ type: 'scratch' }]],
    [
      'FROM a AS b\nFROM b',
      [
        { type: 'image', name: 'a' },
        { type: 'stage', stage: 0 },
      ],
    ],
    [
      'FROM a AS B\nFROM b',
      [
        { type: 'image', name: 'a' },
        { type: 'stage', stage: 0 },
      ],
    ],
    [
      'FROM a AS b\nFROM B',
      [
        { type: 'image', name: 'a' },
        { type: 'image', name: 'B' },
      ],
    ],
    ['FROM a AS a', [{ type: 'image', name: 'a' }]],
    [
      'FROM b\nFROM a AS b',
      [
        { type: 'image', name: 'b' },
        { type: 'image', name: 'a' },
      ],
    ],
    ['FROM a AS x\nFROM b AS x\nFROM x', [{}, {}, { type: 'stage', stage: 1 }]],
    ['FROM a AS scratch\nFROM scratch', [{}, { type: 'stage', stage: 0 }]],
    ['FROM a\nFROM 0', [{}, { type: 'image', name: '0' }]],
    [
      'ARG V=1\nFROM a:${V} AS v1\nFROM v$V',
      [
        { type: 'image', name: 'a:1' },
        { type: 'stage', stage: 0 },
      ],
    ],
    ['FROM "a"', [{ type: 'image', name: 'a' }]],
    ['FROM $NONE', [{ type: 'unknown' }]],
    ['FROM ${', [{ type: 'unknown' }]],
  ])('%j', (text, bases) => {
    expect(basesOf(text)).toMatchObject(bases);
    expect(basesOf(text)).toHaveLength(bases.length);
  });

  test('follows build arguments', () => {
    expect(basesOf('ARG V=1\nFROM a:$V', { args: { V: '2' } })).toEqual([{ type: 'image', name: 'a:2' }]);
    expect(basesOf('FROM a:$V', { args: { V: '2' } })).toEqual([{ type: 'image', name: 'a:' }]);
  });

  test.each<[string, string[], unknown]>([
    ['FROM alpine', ['alpine'], { type: 'context', name: 'alpine' }],
    ['FROM alpine:latest', ['alpine'], { type: 'context', name: 'alpine' }],
    ['FROM docker.io/library/alpine', ['alpine:latest'], { type: 'context', name: 'alpine:latest' }],
    ['FROM alpine:3', ['alpine'], { type: 'image', name: 'alpine:3' }],
    ['FROM a', ['a', 'a::linux/arm64'], { type: 'context', name: 'a::linux/arm64' }],
    ['FROM --platform=linux/amd64 a', ['a', 'a::linux/arm64'], { type: 'context', name: 'a' }],
    ['FROM scratch', ['scratch', 'context'], { type: 'scratch' }],
    ['FROM a AS b', ['b'], { type: 'context', name: 'b' }],
  ])('%j with the named contexts %j', (text, contexts, base) => {
    expect(basesOf(text, { contexts, platform: 'linux/arm64' })).toEqual([base]);
  });

  test('a context of its own name replaces a whole stage', () => {
    const { stages } = graphOf('FROM a AS x\nFROM b AS y\nCOPY --from=x / /\nENV a=b\nFROM y', {
      contexts: ['y'],
    });

    expect(stages[1]).toMatchObject({
      steps: [],
      dependencies: [{ via: 'from', origin: { type: 'context' } }],
    });
    expect(stages[0]?.reachable).toBe(false);
    expect(stages[2]?.base).toEqual({ type: 'stage', stage: 1 });
  });

  test('has the expanded platform', () => {
    const text = 'FROM --platform=$BUILDPLATFORM a\nFROM b\nFROM --platform=linux/${TARGETARCH} c';

    expect(
      graphOf(text, { platform: 'linux/arm64', buildPlatform: 'linux/amd64' }).stages.map(
        ({ platform }) => platform,
      ),
    ).toEqual(['linux/amd64', null, 'linux/arm64']);
  });
});

describe('what a stage needs', () => {
  test('copies, mounts and its base, with the words that say so', () => {
    const text =
      'FROM a AS b\nFROM b\nCOPY --from=B / /\nCOPY --from=0 / /\nCOPY --from=img:1 / /\nRUN --mount=from=b,target=/x --mount=type=cache,target=/y z\nCOPY --from=scratch / /';
    const dependencies = graphOf(text).stages[1]?.dependencies ?? [];

    expect(dependencies.map(({ via, name, origin }) => [via, name, origin])).toEqual([
      ['from', 'b', { type: 'stage', stage: 0 }],
      ['copy', 'B', { type: 'stage', stage: 0 }],
      ['copy', '0', { type: 'stage', stage: 0 }],
      ['copy', 'img:1', { type: 'image', name: 'img:1' }],
      ['mount', 'b', { type: 'stage', stage: 0 }],
      ['copy', 'scratch', { type: 'scratch' }],
    ]);
    expect(dependencies.map(({ range }) => text.slice(range.start.offset, range.end.offset))).toEqual([
      'b',
      'B',
      '0',
      'img:1',
      'from=b',
      'scratch',
    ]);
    expect(dependencies.map(({ context }) => context.start.line)).toEqual([2, 3, 4, 5, 6, 7]);
  });

  test('a named context is one for copies and mounts', () => {
    const { stages } = graphOf('FROM a\nCOPY --from=src / /\nRUN --mount=from=src,target=/x y', {
      contexts: ['src'],
    });

    expect(stages[0]?.dependencies.slice(1).map(({ origin }) => origin)).toEqual([
      { type: 'context', name: 'src' },
      { type: 'context', name: 'src' },
    ]);
  });

  test.each<[string, ResolveOptions, number[]]>([
    ['FROM a\nFROM b', {}, [1]],
    ['FROM a AS x\nFROM b\nCOPY --from=x / /', {}, [0, 1]],
    ['FROM a AS x\nFROM x AS y\nFROM y', {}, [0, 1, 2]],
    ['FROM a AS x\nFROM b AS y\nFROM c', { target: 'Y' }, [1]],
    ['FROM a AS x\nFROM b\nRUN --mount=from=x,target=/x y', {}, [0, 1]],
    ['FROM a AS x\nFROM b\nRUN --mount=type=$T,from=x,target=/x y', {}, [0, 1]],
    ['FROM a AS x\nFROM b AS y\nONBUILD COPY --from=x / /\nFROM c', { target: 'y' }, [1]],
    ['FROM a AS x\nFROM b AS y\nONBUILD COPY --from=x / /\nFROM y', {}, [0, 1, 2]],
    ['FROM a AS x\nFROM b', { baseImage: () => ({ onbuild: ['RUN --mount=from=x,target=/x y'] }) }, [0, 1]],
    ['FROM a', { target: 'none' }, []],
  ])('%j with %j reaches %j', (text, options, indexes) => {
    expect(reached(text, options)).toEqual(indexes);
  });
});

describe('triggers of a base', () => {
  test('are executed behind FROM, once, and name FROM as their place', () => {
    const { stages } = graphOf(
      'FROM a AS x\nONBUILD ENV v=1\nONBUILD COPY --from=img x /\nFROM x AS y\nUSER $v\nFROM y',
    );
    const steps = stages.map((stage) =>
      stage.steps.map(({ instruction, onbuild }) => [instruction.kind, onbuild]),
    );

    expect(steps).toEqual([
      [
        ['onbuild', false],
        ['onbuild', false],
      ],
      [
        ['env', true],
        ['copy', true],
        ['user', false],
      ],
      [],
    ]);
    expect(stages[1]?.steps[0]?.range).toEqual(stages[1]?.from.range);
    expect(stages[1]?.steps[0]?.words[1]?.range).toEqual(stages[1]?.from.range);
    expect(stages[1]?.steps[2]?.words[0]?.value).toBe('1');
  });

  test('of an image are taken from what is known about it', () => {
    const { stages, diagnostics } = graphOf('FROM a', {
      baseImage: ({ name }) => (name === 'a' ? { onbuild: ['RUN x', 'NONSENSE', 'RUN a\nRUN b'] } : null),
    });

    expect(stages[0]?.steps.map(({ instruction }) => instruction.kind)).toEqual(['run']);
    expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([
      ['TRIGGER_INVALID', 'dockerfile parse error on line 1: unknown instruction: NONSENSE'],
      ['TRIGGER_INVALID', 'onbuild trigger should be a single expression'],
    ]);
  });
});

describe('the target', () => {
  test('is the last stage, or the one that is named whatever the case', () => {
    expect(graphOf('FROM a AS b\nFROM c').target).toBe(1);
    expect(graphOf('FROM a AS b\nFROM c', { target: 'B' }).target).toBe(0);
    expect(graphOf('FROM a AS b\nFROM c', { target: '' }).target).toBe(1);
    expect(graphOf('FROM a AS b\nFROM c AS b', { target: 'b' }).target).toBe(1);
    expect(graphOf('').target).toBeNull();
  });

  test('cannot be a number', () => {
    expect(graphOf('FROM a\nFROM b', { target: '0' })).toMatchObject({
      target: null,
      diagnostics: [{ code: 'TARGET_UNKNOWN' }],
    });
  });
});

test('findCircle gives the edges that close a circle', () => {
  const edges: Record<string, [string, string][]> = {
    a: [['b', 'a-b']],
    b: [
      ['d', 'b-d'],
      ['c', 'b-c'],
    ],
    c: [['b', 'c-b']],
    d: [],
  };

  expect(findCircle(Object.keys(edges), (node) => edges[node] ?? [])).toEqual({
    node: 'b',
    edges: ['b-c', 'c-b'],
  });
  expect(findCircle(['d'], () => [])).toBeNull();
  expect(findCircle(['x'], () => [['x', 'self']])).toEqual({ node: 'x', edges: ['self'] });
});

test('whatever the file, there is a graph of plain data', () => {
  fc.assert(
    fc.property(fc.oneof(randomFile, mutatedFile), (text) => {
      const graph = graphOf(text, { baseImage: () => ({ env: ['A=b'], onbuild: ['ENV x=$y', text] }) });
      expect(JSON.parse(JSON.stringify(graph))).toEqual(graph);
    }),
    { numRuns: 300 },
  );
});

test('a long chain of stages is resolved', () => {
  const text = Array.from(
    { length: 20_000 },
    (_, index) => `FROM s${index} AS s${index + 1}\nENV a${index}=$a${index - 1}`,
  ).join('\n');
  const graph = graphOf(text);

  expect(graph.stages.every(({ reachable }) => reachable)).toBe(true);
  expect(graph.diagnostics).toEqual([]);
});
