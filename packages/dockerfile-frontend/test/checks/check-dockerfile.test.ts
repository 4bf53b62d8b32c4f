// SPDX-License-Identifier: MIT
import { type LintResult, lintJson } from '@img-build/dockerfile-parser';
import { describe, expect, test } from '@jest/globals';
import { checkDockerfile, type LowerOptions } from '../../src/index.ts';
import { baseConfig, failure, fakeResolver, type Images, lower } from '../lower.ts';

async function check(
  text: string,
  options: Partial<LowerOptions> = {},
  images: Images = {},
): Promise<LintResult> {
  return await checkDockerfile({
    text,
    name: 'Dockerfile',
    options: { buildPlatform: { os: 'linux', architecture: 'amd64' }, ...options },
    resolver: fakeResolver(images).resolver,
  });
}

const rules = ({ findings }: LintResult): string[] => findings.map(({ rule }) => rule);

describe('warnings of a build', () => {
  test('are those of the stages it needs, in file order, with description and page', async () => {
    const text = 'FROM busybox AS Unused\nCMD a\nFROM busybox\nMAINTAINER me\nENV TOKEN=x\nCMD b\n';
    const { result } = await lower(text, {}, { busybox: { Shell: null } as object });

    expect(result.warnings.map(({ rule, range }) => [rule, range.startLine])).toEqual([
      ['StageNameCasing', 1],
      ['MaintainerDeprecated', 4],
      ['SecretsUsedInArgOrEnv', 5],
      ['JSONArgsRecommended', 6],
    ]);
    expect(result.warnings[1]).toEqual({
      rule: 'MaintainerDeprecated',
      description: 'The MAINTAINER instruction is deprecated, use a label instead to define an image author',
      message: expect.stringContaining('Maintainer instruction is deprecated'),
      url: 'https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/',
      range: { startLine: 4, endLine: 4 },
    });
  });

  test('know what the base image sets', async () => {
    const text = 'FROM busybox\nRUN true\nWORKDIR $BASE_HOME/x\nCMD x\n';

    expect((await lower(text)).result.warnings.map(({ rule }) => rule)).toEqual([
      'UndefinedVar',
      'JSONArgsRecommended',
    ]);
    expect(
      (await lower(text, {}, { busybox: { Env: ['BASE_HOME=/h'], Shell: ['/bin/a'] } })).result.warnings,
    ).toEqual([]);
  });

  test('know what a named context sets that the image is replaced by, but not what the stage sets itself', async () => {
    const text = 'FROM base\nENV OWN=1\nWORKDIR $BASE_HOME/x\nCMD x\n';
    const options = { contexts: { base: 'docker-image://busybox' } };

    expect((await lower(text, options)).result.warnings.map(({ rule }) => rule)).toEqual([
      'UndefinedVar',
      'JSONArgsRecommended',
    ]);
    expect(
      (await lower(text, options, { busybox: { Env: ['BASE_HOME=/h'], Shell: ['/bin/a'] } })).result.warnings,
    ).toEqual([]);
    expect(
      (await lower('FROM base\nWORKDIR /$OWN\nENV OWN=1\n', options)).result.warnings.map(({ rule }) => rule),
    ).toEqual(['UndefinedVar']);
  });

  test('know the ignore file', async () => {
    const { result } = await lower('FROM scratch\nCOPY secret.txt /\n', { contextIgnore: ['*.txt'] });

    expect(result.warnings.map(({ rule }) => rule)).toEqual(['CopyIgnoredFile']);
  });

  test('may be skipped by directive, comment or build argument', async () => {
    const text = 'FROM scratch\nMAINTAINER me\n';
    const skipped = { buildArgs: { BUILDKIT_DOCKERFILE_CHECK: 'skip=all' } };

    expect((await lower(`# check=skip=MaintainerDeprecated\n${text}`)).result.warnings).toEqual([]);
    expect(
      (await lower('FROM scratch\n# check=skip=MaintainerDeprecated\nMAINTAINER me\n')).result.warnings,
    ).toEqual([]);
    expect((await lower(text, skipped)).result.warnings).toEqual([]);
  });

  test('may be errors: then the warnings come along', async () => {
    const error = await failure('# check=error=true\nFROM scratch\nMAINTAINER me\nENV a b\n');

    expect(error).toMatchObject({
      code: 'LINT_VIOLATION',
      message: 'lint violation found for rules: LegacyKeyValueFormat, MaintainerDeprecated',
      file: 'Dockerfile',
    });
    expect(error.warnings.map(({ rule }) => rule)).toEqual(['MaintainerDeprecated', 'LegacyKeyValueFormat']);
  });
});

describe('settings of the checks', () => {
  test('that make no sense fail the build', async () => {
    expect(await failure('# check=what\nFROM scratch\n')).toMatchObject({
      code: 'DOCKERFILE_INVALID',
      message: expect.stringContaining('failed to parse check options'),
      ranges: [{ startLine: 1, endLine: 1 }],
    });
  });
});

describe('checkDockerfile', () => {
  test('asks for no entitlement', async () => {
    expect((await check('FROM busybox\nRUN --network=host --security=insecure x\n')).buildError).toBeNull();
  });

  const text = 'FROM busybox AS Unused\nCMD a\nFROM busybox\nCMD b\n';

  test('looks at every stage, or at what a target needs', async () => {
    expect(rules(await check(text))).toEqual([
      'StageNameCasing',
      'JSONArgsRecommended',
      'JSONArgsRecommended',
    ]);
    expect(rules(await check(`${text}FROM scratch AS end\n`, { target: 'end' }))).toEqual([
      'StageNameCasing',
    ]);
  });

  test('asks about the base images of every stage', async () => {
    const arm = { alpine: baseConfig({}, { os: 'linux', architecture: 'arm64' }) };
    const platforms = [{ os: 'linux', architecture: 'amd64' }];

    expect(rules(await check('FROM alpine\nFROM scratch\n', { platforms }, arm))).toEqual([
      'InvalidBaseImagePlatform',
    ]);
  });

  test('a file that cannot be built is a result, with what else was found', async () => {
    const result = await check('FROM scratch AS A\nFROM missing\n');

    expect(rules(result)).toEqual(['StageNameCasing']);
    expect(result.buildError).toMatchObject({
      code: 'BUILD_FAILED',
      message: expect.stringContaining('missing: failed to resolve source metadata'),
    });
    expect(
      lintJson(result, { name: 'Dockerfile', text: 'FROM scratch AS A\nFROM missing\n' }).buildError
        ?.location,
    ).toEqual({
      ranges: [{ start: { line: 2 }, end: { line: 2 } }],
    });
  });

  test('an instruction that fails in a stage nobody needs counts, without a target', async () => {
    const broken = 'FROM busybox AS a\nSTOPSIGNAL nope\nFROM busybox AS b\n';

    expect((await check(broken)).buildError?.message).toBe('invalid signal: nope');
    expect((await check(broken, { target: 'b' })).buildError).toBeNull();
  });

  test('what the parser finds comes first', async () => {
    expect((await check('FROM missing\nRUN\nRAN x\n')).buildError).toMatchObject({
      message: expect.stringContaining('unknown instruction: RAN'),
      contexts: [expect.objectContaining({ start: expect.objectContaining({ line: 3 }) })],
    });
  });

  test('check settings that make no sense are a result, too', async () => {
    expect((await check('# check=what\nFROM scratch\n')).buildError?.message).toMatch(
      /failed to parse check options/,
    );
  });
});
