// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { type BuildCommandRequest, buildRequestFrom } from '../../src/build/build-request.ts';
import { buildCommand } from '../../src/commands/build.ts';
import { parseArguments } from '../../src/parse-arguments.ts';

const platform = { os: 'linux', architecture: 'amd64' } as const;

async function request(
  argv: readonly string[],
  env: NodeJS.ProcessEnv = {},
  stdoutIsTerminal = false,
): Promise<BuildCommandRequest> {
  return buildRequestFrom(await parseArguments(argv, buildCommand.flags, buildCommand), {
    env,
    platform,
    stdoutIsTerminal,
  });
}

test('without -t and -o an image without a name is built', async () => {
  expect(await request(['.'])).toMatchObject({
    context: '.',
    names: [],
    outputs: [{ type: 'image' }],
    platforms: [],
    file: undefined,
  });
});

test('names come from tags and outputs, normalised and once', async () => {
  const { names } = await request([
    '.',
    '-t',
    'a',
    '-t',
    'r.example:5000/b:1',
    '-o',
    'type=image,"name=a:latest,c"',
  ]);
  expect(names).toEqual(['docker.io/library/a:latest', 'r.example:5000/b:1', 'docker.io/library/c:latest']);
});

test('a build-arg without value comes from the environment, or is left out', async () => {
  const { buildArgs } = await request(
    ['.', '--build-arg', 'A=1=2', '--build-arg', 'B', '--build-arg', 'C', '--build-arg', 'D='],
    { B: 'env' },
  );
  expect(buildArgs).toEqual({ A: '1=2', B: 'env', D: '' });
});

test('a label without value is empty', async () => {
  expect((await request(['.', '--label', 'a=1', '--label', 'b'])).labels).toEqual({ a: '1', b: '' });
});

test('the environment can set the time of the build; --build-arg wins', async () => {
  expect((await request(['.'], { SOURCE_DATE_EPOCH: '7' })).buildArgs).toEqual({ SOURCE_DATE_EPOCH: '7' });
  expect(
    (await request(['.', '--build-arg', 'SOURCE_DATE_EPOCH=8'], { SOURCE_DATE_EPOCH: '7' })).buildArgs,
  ).toEqual({ SOURCE_DATE_EPOCH: '8' });
});

test('platforms may be repeated, listed and local', async () => {
  const { platforms } = await request(['.', '--platform', 'linux/arm64, local', '--platform=linux/arm/v7']);
  expect(platforms).toEqual([
    expect.objectContaining({ architecture: 'arm64' }),
    platform,
    expect.objectContaining({ architecture: 'arm', variant: 'v7' }),
  ]);
});

test.each([
  [['.', '-t', 'UPPER']],
  [['.', '-t', `a@sha256:${'0'.repeat(64)}`]],
  [['.', '--build-arg', '=x']],
  [['.', '--platform', 'a/b/c/d/e']],
  [['.', '--cache-from', 'x']],
  [['.', '--cache-to', 'x']],
  [['.', '-o', '-', '-o', 'type=oci']],
  [[]],
  [['a', 'b']],
])('%j is refused with a one-line cause', async (argv) => {
  await expect(request(argv)).rejects.toMatchObject({
    code: expect.any(String),
    message: expect.stringMatching(/^[^\n]+$/),
  });
});

test('no archive is written to a terminal', async () => {
  await expect(request(['.', '-o', '-'], {}, true)).rejects.toThrow(
    'refusing to write an archive to a terminal',
  );
  expect((await request(['.', '-o', 'type=tar,dest=x'], {}, true)).outputs).toHaveLength(1);
});
