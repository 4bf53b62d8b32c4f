// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import {
  deferred,
  diff,
  encodeDefinition,
  git,
  image,
  local,
  marshal,
  merge,
  opToGoJson,
  parseDefinition,
  type State,
  scratch,
  sha256Digest,
} from '../../src/index.ts';

const PLATFORM = { os: 'linux', architecture: 'amd64' };
const base = image('docker.io/library/busybox:latest');
const file = { filename: 'Dockerfile', data: Buffer.from('FROM busybox\n'), language: 'Dockerfile' };
const location = (line: number) => ({
  file,
  ranges: [{ start: { line, character: 0 }, end: { line, character: 0 } }],
});

const names = (state: State): string[] =>
  [...parseDefinition(marshal(state, { platform: PLATFORM })).ops.values()].map((op) => op.name);

describe('marshal', () => {
  test('the empty tree is the empty definition', () => {
    expect(marshal(scratch(), { platform: PLATFORM })).toEqual({ def: [], metadata: {} });
    expect(parseDefinition({ def: [], metadata: {} }).result).toBeUndefined();
  });

  test('puts inputs first, every op once, and the result last', () => {
    const left = base.run({ args: ['l'], name: 'left' }).root;
    const right = base.run({ args: ['r'], name: 'right' }).root;
    const definition = marshal(merge([left, right], { name: 'both' }), { platform: PLATFORM });
    const parsed = parseDefinition(encodeDefinition(definition));

    expect([...parsed.ops.values()].map((op) => op.name)).toEqual([
      'docker-image://docker.io/library/busybox:latest',
      'left',
      'right',
      'both',
    ]);
    expect(parsed.result?.digest).toBe([...parsed.ops.keys()].at(-1));
    expect(definition.def).toHaveLength(5);
  });

  test('digests are those of the bytes, and equal ops are one', () => {
    const state = merge([base.run({ args: ['x'] }).root, base.run({ args: ['x'] }).root]);
    const { def, metadata } = marshal(state, { platform: PLATFORM });

    expect(def).toHaveLength(4);
    expect(Object.keys(metadata).sort()).toEqual(def.map((bytes) => sha256Digest(bytes)).sort());
  });

  test('keeps names, groups, cache hints and places beside the op', () => {
    const state = base.run({
      args: ['x'],
      name: 'n',
      ignoreCache: true,
      location: location(2),
      progressGroup: { id: 'g', name: 'p', weak: false },
    }).root;
    const parsed = parseDefinition(encodeDefinition(marshal(state, { platform: PLATFORM })));
    const op = [...parsed.ops.values()].at(-1);

    expect(op?.metadata).toMatchObject({
      ignoreCache: true,
      description: { 'llb.customname': 'n' },
      progressGroup: { id: 'g', name: 'p' },
    });
    expect(op?.metadata.caps).toMatchObject({
      'exec.meta.base': true,
      'exec.mount.bind': true,
      'meta.ignorecache': true,
    });
    expect(parsed.source?.locations[op?.digest ?? 'sha256:0']?.locations[0]?.ranges[0]?.start.line).toBe(2);
  });

  test('orders mounts by target and numbers outputs in that order', () => {
    const run = base.run({
      args: ['x'],
      mounts: [
        { type: 'bind', target: '/z', from: scratch() },
        { type: 'tmpfs', target: '/m' },
        { type: 'bind', target: '/a', from: scratch() },
      ],
    });

    expect([run.root, run.mount(2), run.mount(0)].map((state) => state.output.index)).toEqual([0, 1, 2]);
    expect(run.mount(1).output.node()).toBeUndefined();
  });

  test('decides a deferred tree at the end', () => {
    const paths: string[] = [];
    const late = deferred(() => local('context', { followPaths: paths }));
    const state = scratch().file([{ type: 'copy', from: late, source: '/', destination: '/' }]);
    paths.push('a');

    expect(
      opToGoJson([...parseDefinition(marshal(state, { platform: PLATFORM })).ops.values()][0]?.op ?? fail()),
    ).toContain('"local.followpaths":"[\\"a\\"]"');
  });

  test('merge and diff leave out what is empty', () => {
    expect(merge([scratch(), base])).toBe(base);
    expect(diff(scratch(), base)).toBe(base);
    expect(names(diff(base, base.run({ args: ['x'] }).root))).toHaveLength(3);
  });

  test('a chain of 5,000 steps does not exhaust the stack', () => {
    let state: State = base;
    for (let step = 0; step < 5000; step++)
      state = state.file([{ type: 'mkdir', path: `/${step}`, mode: 0o755 }]);

    expect(parseDefinition(marshal(state, { platform: PLATFORM })).ops.size).toBe(5001);
  });

  test('names a repository by address and fragment', () => {
    expect(names(git('https://github.com/o/r.git', { ref: 'v1', subdirectory: 'd' }))).toEqual([
      'git://github.com/o/r.git#v1:d',
    ]);
    expect(names(git('git@github.com:o/r.git'))).toEqual(['git://github.com/o/r.git']);
  });
});

describe('parseDefinition', () => {
  const whole = marshal(base.run({ args: ['x'] }).root, { platform: PLATFORM });

  test.each([
    ['an input that is missing', { ...whole, def: whole.def.slice(1) }],
    ['no result', { ...whole, def: whole.def.slice(0, -1) }],
  ])('refuses %s', (_, definition) => {
    expect(() => parseDefinition(definition)).toThrow(
      expect.objectContaining({ code: 'LLB_DEFINITION_INVALID' }),
    );
  });

  test('refuses bytes that are no definition', () => {
    expect(() => parseDefinition(Buffer.from('0a05', 'hex'))).toThrow(
      expect.objectContaining({ code: 'LLB_WIRE_INVALID' }),
    );
  });
});

function fail(): never {
  throw new Error('nothing was marshalled');
}
