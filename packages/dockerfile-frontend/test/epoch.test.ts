// SPDX-License-Identifier: MIT
import type { SourceIdentifier } from '@img-build/interfaces';
import { describe, expect, test } from '@jest/globals';
import type { LowerOptions } from '../src/index.ts';
import { failure, type Lowered, lower } from './lower.ts';

const TIME = 1_600_000_000;

/** Lowers with a clock that knows one time and notes what it was asked about. */
async function timed(
  text: string,
  options: Partial<LowerOptions>,
  time: number | null = TIME,
): Promise<Lowered & { readonly sources: readonly SourceIdentifier[]; readonly steps: readonly string[] }> {
  const sources: SourceIdentifier[] = [];
  const steps: string[] = [];
  const lowered = await lower(
    text,
    options,
    {},
    {
      sourceTime: async (source) => {
        sources.push(source);
        return time ?? undefined;
      },
      observe: async (name, work) => {
        steps.push(name);
        return await work();
      },
    },
  );
  return { ...lowered, sources, steps };
}

describe('SOURCE_DATE_EPOCH', () => {
  test.each([
    ['1700000000', 1_700_000_000],
    ['-1', -1],
    ['', undefined],
  ])('as build argument %j', async (value, expected) => {
    const { result } = await lower('FROM scratch\n', { buildArgs: { SOURCE_DATE_EPOCH: value } });

    expect(result.sourceDateEpoch).toBe(expected);
  });

  test('as ARG above FROM, unless the build argument says otherwise', async () => {
    const text = 'ARG BASE=5\nARG SOURCE_DATE_EPOCH=1$BASE\nFROM scratch\nWORKDIR /a\n';

    expect((await lower(text)).result.sourceDateEpoch).toBe(15);
    expect((await lower(text, { buildArgs: { SOURCE_DATE_EPOCH: '7' } })).result.sourceDateEpoch).toBe(7);
    expect((await lower(text, { buildArgs: { SOURCE_DATE_EPOCH: '' } })).json('WORKDIR')).toContain(
      '"timestamp":-1',
    );
  });

  test('of a git context is the time of its commit; stages see the number', async () => {
    const { result, json, sources, steps, history } = await timed(
      'FROM busybox\nARG SOURCE_DATE_EPOCH\nWORKDIR /w\nRUN x\n',
      { context: 'https://h/r.git#v1:sub', buildArgs: { SOURCE_DATE_EPOCH: 'context' } },
    );

    expect(result.sourceDateEpoch).toBe(TIME);
    expect(sources.map(({ identifier }) => identifier)).toEqual(['git://h/r.git#v1:sub']);
    expect(steps[0]).toBe('[internal] resolve main build context metadata');
    expect(json('WORKDIR')).toContain(`"timestamp":${TIME}000000000`);
    expect(json('RUN')).toContain(`"SOURCE_DATE_EPOCH=${TIME}"`);
    expect(history[0]).toBe(`ARG SOURCE_DATE_EPOCH=${TIME}`);
  });

  test('of a downloaded archive is asked for before it is unpacked', async () => {
    const { sources } = await timed('FROM scratch\n', {
      context: 'https://h/c.tar',
      contextForm: 'archive',
      buildArgs: { SOURCE_DATE_EPOCH: 'context' },
    });

    expect(sources).toEqual([{ identifier: 'https://h/c.tar', attrs: { 'http.filename': 'context' } }]);
  });

  test('of a folder is none, and then there is no variable either', async () => {
    const text = 'FROM busybox\nARG SOURCE_DATE_EPOCH\nRUN x\n';
    const { result, json, sources } = await timed(text, { buildArgs: { SOURCE_DATE_EPOCH: 'context' } });

    expect(result.sourceDateEpoch).toBeUndefined();
    expect(sources).toEqual([]);
    expect(json('RUN')).not.toContain('SOURCE_DATE_EPOCH');
  });

  test('of a source without a time is none', async () => {
    const { result, sources } = await timed(
      'ARG SOURCE_DATE_EPOCH=context\nFROM scratch\n',
      { context: 'https://h/x' },
      null,
    );

    expect(sources).toHaveLength(1);
    expect(result.sourceDateEpoch).toBeUndefined();
  });

  test('may be that of a named context', async () => {
    const { result, sources, steps } = await timed('FROM scratch\n', {
      contexts: { src: 'https://h/r.git?tag=v1', base: 'docker-image://busybox' },
      buildArgs: { SOURCE_DATE_EPOCH: 'src' },
    });

    expect(result.sourceDateEpoch).toBe(TIME);
    expect(sources[0]?.identifier).toBe('git://h/r.git#refs/tags/v1');
    expect(steps).toEqual(['[internal] resolve SOURCE_DATE_EPOCH named context src']);
  });

  test('may be that of a stage with one remote ADD, whose arguments count', async () => {
    const text =
      'ARG HOST=h\nFROM scratch AS Src\nARG VERSION=1\nARG SUM=abc\nADD --checksum=$SUM https://$HOST/r.git#v$VERSION /\nFROM scratch\n';
    const { sources, result } = await timed(text, { buildArgs: { SOURCE_DATE_EPOCH: 'SRC', VERSION: '2' } });

    expect(result.sourceDateEpoch).toBe(TIME);
    expect(sources).toEqual([
      {
        identifier: 'git://h/r.git#v2',
        attrs: expect.objectContaining({ 'git.checksum': 'abc', 'git.fullurl': 'https://h/r.git' }),
      },
    ]);
  });

  test('a stage with a download', async () => {
    const { sources } = await timed('FROM scratch AS src\nADD https://h/a%20b.tgz?x=1 /\nFROM scratch\n', {
      buildArgs: { SOURCE_DATE_EPOCH: 'src' },
    });

    expect(sources).toEqual([
      { identifier: 'https://h/a%20b.tgz?x=1', attrs: { 'http.filename': 'a b.tgz' } },
    ]);
  });

  test.each([
    ['FROM busybox AS s\nADD https://h/x /\n', 'must use FROM scratch'],
    ['FROM scratch AS s\n', 'must contain exactly one remote ADD'],
    ['FROM scratch AS s\nADD https://h/x /\nADD https://h/y /\n', 'must contain exactly one remote ADD'],
    ['FROM scratch AS s\nADD https://h/x https://h/y /z/\n', 'must contain exactly one remote ADD source'],
    ['FROM scratch AS s\nADD local /\n', 'source must be a single HTTP(S) or Git ADD'],
    ['FROM scratch AS s\nCOPY a /\n', 'does not meet source-only requirements: unsupported copy instruction'],
  ])('%j is no such stage', async (text, message) => {
    expect(await failure(text, { buildArgs: { SOURCE_DATE_EPOCH: 's' } })).toMatchObject({
      code: 'OPTION_INVALID',
      message: `SOURCE_DATE_EPOCH stage ${message}`,
      ranges: [{ startLine: 1, endLine: 1 }],
    });
  });

  test.each(['tomorrow', '1.5', '99999999999999999999'])('%s is refused', async (value) => {
    const error = await failure('FROM scratch\n', { buildArgs: { SOURCE_DATE_EPOCH: value } });

    expect(error).toMatchObject({ code: 'OPTION_INVALID' });
    expect(error.message).toMatch(`invalid SOURCE_DATE_EPOCH: ${value}`);
  });

  test('a word is refused where no time can be asked for', async () => {
    const options = { context: 'https://h/r.git', buildArgs: { SOURCE_DATE_EPOCH: 'context' } };

    expect(await failure('FROM scratch\n', options)).toMatchObject({ code: 'FEATURE_UNSUPPORTED' });
  });
});
