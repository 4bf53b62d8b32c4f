// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { formatOutline, type LowerOptions, type Outline, outlineOf } from '../../src/index.ts';
import { fakeResolver, type Images } from '../lower.ts';

async function outline(
  text: string,
  options: Partial<LowerOptions> = {},
  images: Images = {},
): Promise<Omit<Outline, 'sources'>> {
  const { sources, ...rest } = await outlineOf({
    text,
    name: 'Dockerfile',
    options: { buildPlatform: { os: 'linux', architecture: 'amd64' }, ...options },
    resolver: fakeResolver(images).resolver,
  });
  expect(sources).toEqual([Buffer.from(text).toString('base64')]);
  return rest;
}

const line = (number: number) => ({ ranges: [{ start: { line: number }, end: { line: number } }] });

const TEXT = `# IMAGE names the base
ARG IMAGE=busybox
ARG TAG=1
ARG REF=$IMAGE:$TAG
ARG UNUSED=x
FROM $REF AS base
# MODE is how to build
ARG MODE=fast
ARG TAG
RUN --mount=type=secret,id=token,required --mount=type=cache,target=/cache build
FROM scratch AS other
ARG OTHER=1
# final is all you need
FROM base AS final
ARG TARGETARCH
RUN --mount=type=ssh --mount=type=secret,id=token more
`;

describe('an outline', () => {
  test('tells what the target and all it needs can be told', async () => {
    expect(await outline(TEXT, { buildArgs: { MODE: 'slow' } })).toEqual({
      name: 'final',
      description: 'is all you need',
      args: [
        { name: 'IMAGE', description: 'names the base', value: 'busybox', location: line(2) },
        { name: 'TAG', value: '1', location: line(3) },
        { name: 'REF', value: 'busybox:1', location: line(4) },
        { name: 'MODE', description: 'is how to build', value: 'slow', location: line(8) },
      ],
      secrets: [{ name: 'token', required: true, location: line(10) }],
      ssh: [{ name: 'default', location: line(16) }],
      cache: [{ ID: '/cache', location: line(10) }],
    });
  });

  test('of another target is another one', async () => {
    expect(await outline(TEXT, { target: 'other' })).toEqual({
      name: 'other',
      args: [{ name: 'OTHER', value: '1', location: line(12) }],
    });
  });

  test('an argument made from itself depends on what it was made from before', async () => {
    const { args } = await outline('ARG A=busy\nARG B=box\nARG N=$A\nARG N=$N$B\nFROM $N\n');

    expect(args?.map(({ name, value }) => [name, value])).toEqual([
      ['A', 'busy'],
      ['B', 'box'],
      ['N', 'busybox'],
    ]);
  });

  test('includes triggers of the base image and stages that are copied from', async () => {
    const text =
      'FROM scratch AS files\nARG VERSION=2\nCOPY v$VERSION /\nFROM parent\nCOPY --from=files / /\n';
    const { args, secrets } = await outline(
      text,
      {},
      { parent: { OnBuild: ['RUN --mount=type=secret,id=s x'] } },
    );

    expect(args).toEqual([{ name: 'VERSION', value: '2', location: line(2) }]);
    expect(secrets).toEqual([{ name: 's', location: line(4) }]);
  });

  test('asks for no entitlement', async () => {
    expect(await outline('FROM busybox\nRUN --network=host x\n')).toEqual({});
  });

  test('of nothing is empty', async () => {
    expect(await outline('FROM scratch\n')).toEqual({});
  });

  test('is shown as tables', async () => {
    const text = await outlineOf({
      text: TEXT,
      name: 'Dockerfile',
      options: { buildPlatform: { os: 'linux', architecture: 'amd64' } },
      resolver: fakeResolver({}).resolver,
    });

    expect(formatOutline(text)).toBe(`TARGET:      final
DESCRIPTION: is all you need

BUILD ARG   VALUE       DESCRIPTION
IMAGE       busybox     names the base
TAG         1
REF         busybox:1
MODE        fast        is how to build

SECRET   REQUIRED
token    true

SSH       REQUIRED
default

CACHE MOUNT
/cache
`);
    expect(formatOutline({ sources: [] })).toBe('');
  });

  test('errors tell the file and the place', async () => {
    await expect(outline('FROM scratch\nSTOPSIGNAL x\n')).rejects.toMatchObject({
      code: 'INSTRUCTION_INVALID',
      file: 'Dockerfile',
      ranges: [{ startLine: 2, endLine: 2 }],
    });
  });
});
