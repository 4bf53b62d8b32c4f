// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import {
  cacheMapOf,
  cacheRecordDigest,
  contentKey,
  type FileStep,
  http,
  image,
  imageSourceKey,
  local,
  marshal,
  merge,
  type Op,
  parseDefinition,
  type State,
  scratch,
  sha256Digest,
  sourceCacheDigest,
} from '../../src/index.ts';

const PLATFORM = { os: 'linux', architecture: 'amd64' };
const base = image(`docker.io/library/busybox:latest@sha256:${'a'.repeat(64)}`);
const context = local('context');

function lastOp(state: State): Op {
  return [...parseDefinition(marshal(state, { platform: PLATFORM })).ops.values()].at(-1)?.op as Op;
}

function mapOf(state: State): ReturnType<typeof cacheMapOf> {
  return cacheMapOf(lastOp(state), PLATFORM);
}

/** The hashed text of a file op with its actions decoded. */
function fileParts(state: State): { readonly actions: string[]; readonly indexes: unknown } {
  const parsed = JSON.parse(mapOf(state).preimage) as { Type: string; Actions: string[]; indexes?: unknown };
  expect(parsed.Type).toBe('buildkit.file.v0');
  return {
    actions: parsed.Actions.map((action) => Buffer.from(action, 'base64').toString()),
    indexes: parsed.indexes,
  };
}

const copy = (extra: Partial<Extract<FileStep, { type: 'copy' }>> = {}): FileStep => ({
  type: 'copy',
  from: context,
  source: '/out.txt',
  destination: '/x/',
  createDestination: true,
  followSymlinks: true,
  contentsOnly: true,
  allowWildcard: true,
  allowEmptyWildcard: true,
  ...extra,
});

const FLAGS =
  '"followSymlink":true,"dirCopyContents":true,"createDestPath":true,"allowWildcard":true,"allowEmptyWildcard":true,"timestamp":-1';

describe('exec', () => {
  test('a plain RUN has no mounts in its key and selects the whole root', () => {
    const map = mapOf(base.run({ args: ['/bin/sh', '-c', 'echo <hi>'], env: ['PATH=/bin'], cwd: '/' }).root);

    expect(map.preimage).toBe(
      '{"Type":"buildkit.exec.v0","Exec":{"meta":{"args":["/bin/sh","-c","echo \\u003chi\\u003e"],"env":["PATH=/bin"],"cwd":"/","removeMountStubsRecursive":true}},"OS":"linux","Arch":"amd64"}',
    );
    expect(map.digest).toBe(sha256Digest(map.preimage));
    expect(map.dependencies).toEqual([
      { selector: 'sha256:8a5edab282632443219e051e4ade2d1d5bbc671c781051bf1437897cbdfea0f1' },
    ]);
  });

  test('proxies and addresses of hosts are no part of the key', () => {
    const plain = mapOf(base.run({ args: ['x'], extraHosts: [{ host: 'h', ip: '' }] }).root);
    const proxied = mapOf(
      base.run({
        args: ['x'],
        extraHosts: [{ host: 'h', ip: '1.2.3.4' }],
        proxyEnv: { httpProxy: 'p', httpsProxy: '', ftpProxy: '', noProxy: '', allProxy: '' },
      }).root,
    );

    expect(proxied.digest).toBe(plain.digest);
    expect(plain.preimage).toContain('"extraHosts":[{"Host":"h"}]');
  });

  test.each([
    ['its target', '/c', 'shared', '"cacheOpt":{"ID":"/c"}'],
    ['a namespace and its target', 'ns//c', 'shared', '"cacheOpt":{"ID":"ns//c"}'],
    ['another id', 'go', 'shared', '"cacheOpt":{}'],
    ['another sharing', '/c', 'locked', '"cacheOpt":{}'],
  ] as const)('a cache mount called by %s', (_, id, sharing, expected) => {
    const map = mapOf(
      base.run({ args: ['x'], mounts: [{ type: 'cache', target: '/c', id, sharing, from: scratch() }] }).root,
    );

    expect(map.preimage).toContain(
      `"mounts":[{"dest":"/"},{"input":-1,"dest":"/c","output":-1,"mountType":3,${expected}}]`,
    );
  });

  test('a bind mount is keyed by the content of what it selects', () => {
    const map = mapOf(
      base.run({
        args: ['x'],
        mounts: [{ type: 'bind', target: '/src', from: context, selector: '/sub', readonly: true }],
      }).root,
    );

    expect(map.preimage).toContain('{"input":1,"dest":"/src","output":-1,"readonly":true}');
    expect(map.dependencies[1]).toEqual({
      selector: sha256Digest('/sub'),
      content: [{ path: '/sub', followLinks: true }],
    });
  });

  test('several mounts of one input join their selectors; the whole input swallows its parts', () => {
    const map = mapOf(
      base.run({
        args: ['x'],
        mounts: [
          { type: 'bind', target: '/b', from: context, readonly: true },
          { type: 'bind', target: '/a', from: context, selector: '/sub', readonly: true },
        ],
      }).root,
    );

    expect(map.dependencies[1]).toEqual({ selector: sha256Digest('/sub\0/'), content: [{ path: '/' }] });
  });

  test('secrets count by id and file facts, never by value', () => {
    const map = mapOf(
      base.run({ args: ['x'], secrets: [{ id: 's', target: '/run/secrets/s', optional: true }] }).root,
    );

    expect(map.preimage).toContain(
      '{"input":-1,"dest":"/run/secrets/s","mountType":1,"secretOpt":{"ID":"s","mode":256,"optional":true}}',
    );
  });

  test('the platform of the op counts', () => {
    const map = mapOf(
      base.run({ args: ['x'], platform: { os: 'linux', architecture: 'arm', variant: 'v7' } }).root,
    );

    expect(map.preimage).toMatch(/"OS":"linux","Arch":"arm","Variant":"v7"}$/);
  });
});

describe('file', () => {
  test('a copy is keyed by base name and options; its source by content', () => {
    const state = base.file([copy({ source: '/dir/out.txt' })]);

    expect(fileParts(state)).toEqual({
      actions: [`{"src":"out.txt","dest":"/x/","mode":-1,${FLAGS}}`],
      indexes: undefined,
    });
    expect(mapOf(state).dependencies).toEqual([
      {},
      { selector: sha256Digest('/dir/out.txt'), content: [{ path: '/dir/out.txt', followLinks: true }] },
    ]);
  });

  test('the selector of /out.txt is the one BuildKit writes', () => {
    expect(mapOf(base.file([copy()])).dependencies[1]?.selector).toMatch(/^sha256:d94c/);
  });

  test('owner 0 has no number in JSON, others have', () => {
    expect(fileParts(base.file([copy({ owner: 'root:5' })])).actions[0]).toContain(
      '"owner":{"user":{"User":{}},"group":{"User":{"byId":5}}}',
    );
  });

  test('a name is looked up in the tree that is changed, which then gets no selector', () => {
    const state = base.file([copy({ owner: 'app' })]);

    expect(fileParts(state).actions[0]).toContain('"owner":{"user":{"User":{"byName":{"name":"app"}}}}');
    expect(mapOf(state).dependencies[0]).toEqual({});
  });

  test('actions that do not form the usual chain tell their indexes', () => {
    expect(fileParts(scratch().file([copy()])).indexes).toEqual([[-1, 0, 0]]);
    expect(fileParts(base.file([copy(), copy({ from: local('other') })])).indexes).toEqual([
      [0, 1, -1],
      [3, 2, 0],
    ]);
  });

  test('two copies from one source count as the usual chain, as BuildKit counts them', () => {
    expect(fileParts(base.file([copy(), copy()])).indexes).toBeUndefined();
  });

  test('selectors of several paths are joined in descending order', () => {
    const state = base.file([copy({ source: '/a' }), copy({ source: '/b*' })]);

    expect(mapOf(state).dependencies[1]).toEqual({
      selector: sha256Digest('/b*\0/a'),
      content: [
        { path: '/a', followLinks: true },
        {
          path: '/b*',
          wildcard: true,
          followLinks: true,
          includePatterns: undefined,
          excludePatterns: undefined,
          requiredPaths: undefined,
        },
      ],
    });
  });

  test('mkdir, mkfile, rm and symlink', () => {
    const { actions } = fileParts(
      base.file([
        { type: 'mkdir', path: '/d', mode: 0o755, parents: true },
        { type: 'mkfile', path: '/f', mode: 0o644, data: Buffer.from('hi') },
        { type: 'rm', path: '/r', allowNotFound: true },
        { type: 'symlink', target: '/t', path: '/l', timestamp: 1_700_000_000_123_456_789n },
      ]),
    );

    expect(actions).toEqual([
      '{"path":"/d","mode":493,"makeParents":true,"timestamp":-1}',
      '{"path":"/f","mode":420,"data":"aGk=","timestamp":-1}',
      '{"path":"/r","allowNotFound":true}',
      '{"oldpath":"/t","newpath":"/l","timestamp":1700000000123456789}',
    ]);
  });
});

describe('merge, diff and sources', () => {
  test('merge leaves the first input out, as zero', () => {
    const map = mapOf(merge([base, scratch().file([copy()])]));

    expect(map.preimage).toBe('{"Type":"buildkit.merge.v0","Merge":{"inputs":[{},{"input":1}]}}');
    expect(map.dependencies).toEqual([{}, {}]);
  });

  test('an image is keyed by digest and platform', () => {
    const digest = `sha256:${'b'.repeat(64)}` as const;

    expect(imageSourceKey(digest, PLATFORM)).toBe(
      sha256Digest(`{"Digest":"${digest}","OS":"linux","Arch":"amd64"}`),
    );
    expect(sourceCacheDigest('k')).toBe(sha256Digest('buildkit.source.v0:k'));
  });

  test('records are keyed by cache map and output, content by the joined hashes', () => {
    expect(cacheRecordDigest('sha256:a', 0)).toBe(sha256Digest('sha256:a@0'));
    expect(contentKey(['sha256:a', 'sha256:b'])).toBe(sha256Digest('sha256:a\0sha256:b'));
  });

  test('a source has no cache map of its own', () => {
    expect(() => mapOf(http('https://example.org/x'))).toThrow(
      expect.objectContaining({ code: 'LLB_OP_INVALID' }),
    );
  });
});
