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
    lowerOptions: { platforms: [], noCache: false, pull: 'default', network: undefined, entitlements: [] },
    call: { method: 'build' },
    progress: 'auto',
    quiet: false,
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
  const { lowerOptions } = await request(
    ['.', '--build-arg', 'A=1=2', '--build-arg', 'B', '--build-arg', 'C', '--build-arg', 'D='],
    { B: 'env' },
  );
  expect(lowerOptions.buildArgs).toEqual({ A: '1=2', B: 'env', D: '' });
});

test('a label without value is empty', async () => {
  expect((await request(['.', '--label', 'a=1', '--label', 'b'])).lowerOptions.labels).toEqual({
    a: '1',
    b: '',
  });
});

test('the environment can set the time of the build; --build-arg wins', async () => {
  expect((await request(['.'], { SOURCE_DATE_EPOCH: '7' })).lowerOptions.buildArgs).toEqual({
    SOURCE_DATE_EPOCH: '7',
  });
  expect(
    (await request(['.', '--build-arg', 'SOURCE_DATE_EPOCH=8'], { SOURCE_DATE_EPOCH: '7' })).lowerOptions
      .buildArgs,
  ).toEqual({ SOURCE_DATE_EPOCH: '8' });
});

test('platforms may be repeated, listed and local', async () => {
  const { lowerOptions } = await request([
    '.',
    '--platform',
    'linux/arm64, local',
    '--platform=linux/arm/v7',
  ]);
  expect(lowerOptions.platforms).toEqual([
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
  [['.', '--cache-from', 'type=inline']],
  [['.', '--cache-to', 'type=registry']],
  [['.', '-o', '-', '-o', 'type=oci']],
  [['.', '--build-context', 'x']],
  [['.', '--build-context', 'x=']],
  [['.', '--build-context', '=x']],
  [['.', '--push']],
  [['.', '-o', 'type=registry']],
  [['.', '-o', 'type=image,push-by-digest=true']],
  [['.', '--opt', 'hostname']],
  [['.', '--opt', '=x']],
  [['.', '--no-cache', '--no-cache-filter', 'a']],
  [['.', '--secret', 'id=a,src=x', '--secret', 'id=a,src=y']],
  [['.', '--ssh', 'default', '--ssh', 'default=key']],
  [['.', '--check', '--call', 'outline']],
  [['.', '-q', '--progress', 'plain']],
  [['.', '--network', 'bridge']],
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

test('what RUN gets is for the frontend', async () => {
  const { lowerOptions } = await request([
    '.',
    ...['--add-host', 'db:10.0.0.7', '--add-host=cache=::1', '--network', 'none', '--shm-size', '1g'],
    ...['--ulimit', 'nofile=1:2', '--cgroup-parent', '/a', '--allow', 'security.insecure', '--pull'],
    ...['--no-cache-filter', 'a, b', '--no-cache-filter=c', '--target', 't', '--opt', 'hostname=h=1'],
  ]);
  expect(lowerOptions).toMatchObject({
    extraHosts: [
      { host: 'db', ip: '10.0.0.7' },
      { host: 'cache', ip: '::1' },
    ],
    network: 'none',
    shmSize: 2 ** 30,
    ulimits: [{ name: 'nofile', soft: 1, hard: 2 }],
    cgroupParent: '/a',
    entitlements: ['security.insecure'],
    pull: 'always',
    noCache: ['a', 'b', 'c'],
    target: 't',
    attributes: { hostname: 'h=1' },
  });
});

test("who gives all steps the host's network allows it", async () => {
  const { lowerOptions } = await request(['.', '--network', 'host']);
  expect(lowerOptions).toMatchObject({ network: 'host', entitlements: ['network.host'] });
  expect((await request(['.', '--network', 'default'])).lowerOptions.network).toBeUndefined();
});

test('named contexts are kept as written', async () => {
  const { contexts } = await request([
    '.',
    '--build-context',
    'a=b=c',
    '--build-context=alpine=docker-image://x',
  ]);
  expect(contexts).toEqual({ a: 'b=c', alpine: 'docker-image://x' });
});

test('a check needs no terminal-proof output and can have a format', async () => {
  expect((await request(['.', '--check'])).call).toEqual({ method: 'check', format: 'text' });
  expect((await request(['.', '--check', '--call', 'check,format=sarif'])).call.format).toBe('sarif');
  expect((await request(['.', '--check', '-o', '-'], {}, true)).call.method).toBe('check');
});

test('the epoch of the frontend attribute is the build argument', async () => {
  const { lowerOptions } = await request(['.', '--opt', 'source-date-epoch=7']);
  expect(lowerOptions.attributes).toEqual({ 'build-arg:SOURCE_DATE_EPOCH': '7' });
});

test("docker's variable is the default platform", async () => {
  const env = { DOCKER_DEFAULT_PLATFORM: 'linux/arm64' };
  const architectures = async (...argv: string[]): Promise<unknown> =>
    (await request(['.', ...argv], env)).lowerOptions.platforms?.map(({ architecture }) => architecture);
  expect(await architectures()).toEqual(['arm64']);
  expect(await architectures('--platform', 'linux/s390x')).toEqual(['s390x']);
});
