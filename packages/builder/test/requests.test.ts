// SPDX-License-Identifier: MIT
import { Buffer } from 'node:buffer';
import type { Tree } from '@img-build/interfaces';
import {
  decodeOp,
  type ExecOp,
  type FileOp,
  image,
  local,
  marshal,
  type RunOptions,
  type State,
  scratch,
} from '@img-build/llb';
import { describe, expect, test } from '@jest/globals';

import { type ExecRequestContext, execRequest } from '../src/ops/exec-request.ts';
import { fileRequest } from '../src/ops/file-request.ts';

import { PLATFORM } from './support/builder.ts';
import { copyStep } from './support/copy-step.ts';

const base = image('docker.io/library/base:1');
const TREES: readonly Tree[] = [
  { type: 'snapshot', name: 'in0' },
  { type: 'snapshot', name: 'in1' },
];

function lastOp(state: State) {
  const bytes = marshal(state, { platform: PLATFORM }).def.at(-2);
  if (bytes === undefined) throw new Error('no op');
  return decodeOp(bytes);
}

async function requestOf(options: Omit<RunOptions, 'args'>, change: Partial<ExecRequestContext> = {}) {
  const op = lastOp(base.run({ args: ['x'], ...options }).root);
  if (op.type !== 'exec') throw new Error(op.type);
  return await execRequest(op.exec as ExecOp, {
    secrets: { secret: async () => undefined, agent: async () => undefined },
    platform: PLATFORM,
    inputs: TREES,
    outputs: ['out0', 'out1'],
    startsEmpty: () => false,
    ...change,
  });
}

describe('an exec op', () => {
  test('asks for its root, and for little else by default', async () => {
    expect(await requestOf({})).toEqual({
      args: ['x'],
      env: [],
      cwd: '/',
      user: '',
      hostname: 'buildkitsandbox',
      network: 'host',
      security: 'sandbox',
      platform: PLATFORM,
      mounts: [
        {
          destination: '/',
          type: 'bind',
          readonly: false,
          input: TREES[0],
          selector: undefined,
          output: 'out0',
        },
      ],
      extraHosts: [],
      ulimits: [],
      shmSize: undefined,
      cgroupParent: undefined,
      validExitCodes: undefined,
    });
  });

  test('hands surroundings on', async () => {
    const request = await requestOf({
      cwd: '/w',
      user: 'me',
      hostname: 'h',
      network: 'none',
      security: 'insecure',
      extraHosts: [{ host: 'a', ip: '1.2.3.4' }],
      ulimits: [{ name: 'nofile', soft: 1, hard: 2 }],
      cgroupParent: 'g',
    });
    expect(request).toMatchObject({
      cwd: '/w',
      user: 'me',
      hostname: 'h',
      network: 'none',
      security: 'insecure',
      extraHosts: [{ host: 'a', ip: '1.2.3.4' }],
      ulimits: [{ name: 'nofile', soft: 1, hard: 2 }],
      cgroupParent: 'g',
    });
  });

  test('gives proxies under both spellings', async () => {
    const { env } = await requestOf({
      env: ['A=1'],
      proxyEnv: { httpProxy: 'p', httpsProxy: '', ftpProxy: '', noProxy: 'n', allProxy: '' },
    });
    expect(env).toEqual(['A=1', 'HTTP_PROXY=p', 'http_proxy=p', 'NO_PROXY=n', 'no_proxy=n']);
  });

  test('mounts trees, caches and memory', async () => {
    const { mounts, shmSize } = await requestOf(
      {
        cwd: '/w',
        mounts: [
          { type: 'bind', target: '/src', from: local('context'), selector: '/sub', readonly: true },
          { type: 'cache', target: '/cache', id: 'go', sharing: 'locked', from: scratch() },
          { type: 'tmpfs', target: '/dev/shm', size: 4096 },
        ],
      },
      { startsEmpty: (id) => id === 'go' },
    );
    expect(mounts.find(({ destination }) => destination === '/src')).toMatchObject({
      type: 'bind',
      readonly: true,
      input: TREES[1],
      selector: '/sub',
      output: undefined,
    });
    expect(mounts.find(({ destination }) => destination === '/cache')).toMatchObject({
      type: 'cache',
      input: { type: 'empty' },
      cache: { id: 'go', sharing: 'locked', reset: true },
    });
    expect(mounts.map(({ destination }) => destination)).toEqual(['/', '/cache', '/src']);
    expect(shmSize).toBe(4096);
  });

  test('names a cache without an id by its place', async () => {
    const { mounts } = await requestOf({
      mounts: [{ type: 'cache', target: '/cache', id: '', sharing: 'shared', from: scratch() }],
    });
    expect(mounts.find(({ type }) => type === 'cache')?.cache).toEqual({
      id: '/cache',
      origin: undefined,
      sharing: 'shared',
      reset: false,
    });
  });

  test('tells caches of one id apart by what they start with', async () => {
    const { mounts } = await requestOf({
      mounts: [{ type: 'cache', target: '/cache', id: 'c', sharing: 'shared', from: local('context') }],
    });
    expect(mounts.find(({ type }) => type === 'cache')?.cache).toMatchObject({ id: 'c', origin: 'in1' });
  });

  test('asks for devices', async () => {
    const device = { name: 'vendor.com/class=one', optional: true };
    expect((await requestOf({ devices: [device] })).devices).toEqual([device]);
  });

  test('gives secrets as files and variables, and does without those that may be missing', async () => {
    const secrets = {
      secret: async (id: string) => (id === 'there' ? Buffer.from('hush') : undefined),
      agent: async () => undefined,
    };
    const request = await requestOf(
      {
        secrets: [
          { id: 'there', target: '/s', env: 'S', mode: 0o440, uid: 1, gid: 2 },
          { id: 'none', target: '/n', env: 'N', optional: true },
        ],
      },
      { secrets },
    );
    expect(request.env).toEqual(['S=hush']);
    expect(request.mounts.filter(({ type }) => type === 'secret')).toEqual([
      expect.objectContaining({
        destination: '/s',
        secret: Buffer.from('hush'),
        mode: 0o440,
        uid: 1,
        gid: 2,
      }),
    ]);
    await expect(requestOf({ secrets: [{ id: 'none', target: '/n' }] }, { secrets })).rejects.toMatchObject({
      code: 'BUILD_SECRET_MISSING',
      message: 'secret none: not found',
    });
    await expect(requestOf({ secrets: [{ id: 'none', env: 'N' }] }, { secrets })).rejects.toHaveProperty(
      'code',
      'BUILD_SECRET_MISSING',
    );
  });

  test('takes no secret that is too large, and none that is no text as a variable', async () => {
    const give = (bytes: Uint8Array) => ({ secret: async () => bytes, agent: async () => undefined });
    const wanted = [{ id: 'a', env: 'A' }];
    for (const bytes of [Buffer.from('a\0b'), Buffer.from([0xff]), Buffer.alloc(500 * 1024 + 1)])
      await expect(requestOf({ secrets: wanted }, { secrets: give(bytes) })).rejects.toHaveProperty(
        'code',
        'BUILD_SECRET_INVALID',
      );
    const largest = give(Buffer.alloc(500 * 1024, 'x'));
    expect((await requestOf({ secrets: wanted }, { secrets: largest })).env[0]).toHaveLength(500 * 1024 + 2);
  });

  test('gives the agent’s socket, where there is one', async () => {
    const secrets = {
      secret: async () => undefined,
      agent: async (id: string) =>
        id === 'default' ? ({ type: 'socket', path: '/host/agent' } as const) : undefined,
    };
    const ssh = [
      { id: 'none', optional: true, target: '/none' },
      { id: 'default', target: '/agent' },
    ];
    const { mounts } = await requestOf({ ssh }, { secrets });
    expect(mounts.filter(({ type }) => type === 'ssh')).toEqual([
      expect.objectContaining({
        destination: '/agent',
        agent: { type: 'socket', path: '/host/agent' },
        mode: 0o600,
      }),
    ]);
    // Where programs look for it is in the op already.
    expect((await requestOf({ ssh: [{ id: 'default' }] }, { secrets })).env).toEqual([
      'SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0',
    ]);
    await expect(requestOf({ ssh: [{ id: 'none' }] }, { secrets })).rejects.toHaveProperty(
      'code',
      'BUILD_SECRET_MISSING',
    );
  });
});

describe('a file op', () => {
  function of(state: State, names: readonly string[] = ['out']) {
    const op = lastOp(state);
    if (op.type !== 'file') throw new Error(op.type);
    return fileRequest(op.file as FileOp, TREES, names);
  }

  test('keeps the order of its actions and commits the last', () => {
    const { inputs, steps, outputs } = of(
      base.file([
        { type: 'mkdir', path: '/a', mode: 0o711, parents: true },
        copyStep(local('context'), '/src', '/dst/'),
      ]),
    );
    expect(inputs).toBe(TREES);
    expect(steps.map(({ input, secondary, action }) => [input, secondary, action.type])).toEqual([
      [0, -1, 'make-directory'],
      [2, 1, 'copy'],
    ]);
    expect(outputs).toEqual([{ step: 1, name: 'out' }]);
  });

  test('says what is to be kept by leaving it out', () => {
    const [step] = of(base.file([copyStep(local('context'), '/src', '/dst/')])).steps;
    expect(step?.action).toMatchObject({
      source: '/src',
      destination: '/dst/',
      mode: undefined,
      modeExpression: undefined,
      timestamp: undefined,
      owner: undefined,
      followSymlink: true,
      directoryContents: true,
      unpackArchive: false,
      createDestinationPath: true,
      allowWildcard: true,
    });
  });

  test('hands looks, filters and demands on', () => {
    const change = {
      mode: 0o700,
      owner: { uid: 0, gid: 7 },
      timestamp: 0n,
      include: ['i'],
      exclude: ['e'],
      required: ['r'],
      unpack: true,
    };
    const [step] = of(base.file([{ ...copyStep(local('context'), '/s', '/d'), ...change }])).steps;
    expect(step?.action).toMatchObject({
      mode: 0o700,
      owner: { user: { id: 0 }, group: { id: 7 } },
      timestamp: 0n,
      includePatterns: ['i'],
      excludePatterns: ['e'],
      requiredPaths: ['r'],
      unpackArchive: true,
    });
    const [text] = of(
      base.file([{ ...copyStep(local('context'), '/s', '/d'), modeText: 'u=rwX', owner: 'app:staff' }]),
    ).steps;
    expect(text?.action).toMatchObject({
      mode: undefined,
      modeExpression: 'u=rwX',
      owner: { user: { name: 'app', input: 0 }, group: { name: 'staff', input: 0 } },
    });
  });

  test('knows every action', () => {
    const { steps } = of(
      base.file([
        { type: 'mkfile', path: '/f', mode: 0o600, data: Buffer.from('x') },
        { type: 'symlink', target: 't', path: '/l' },
        { type: 'rm', path: '/r', allowNotFound: true, allowWildcard: true },
      ]),
    );
    expect(steps.map(({ action }) => action)).toEqual([
      expect.objectContaining({ type: 'make-file', path: '/f', mode: 0o600 }),
      expect.objectContaining({ type: 'make-symlink', target: 't', path: '/l' }),
      { type: 'remove', path: '/r', allowNotFound: true, allowWildcard: true },
    ]);
  });
});
