// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { type Mount, processWord, resolveMount } from '../src/index.ts';
import { errorsOf, firstOf } from './first-instruction.ts';

function resolve(value: string, variables: Readonly<Record<string, string>> = {}): Mount {
  const [mount] = firstOf('run', `RUN --mount=${value} x`).mounts;
  if (mount === undefined) throw new Error('no mount');
  return resolveMount(mount, (text) => processWord(text, variables));
}

describe('resolveMount', () => {
  test.each<[string, Partial<Mount>]>([
    ['target=/x', { type: 'bind', target: '/x', readOnly: true, from: '', sharing: null, mode: null }],
    ['type=bind,src=a,dst=/x,rw', { source: 'a', target: '/x', readOnly: false }],
    ['type=bind,source=a,destination=/x,readwrite=false', { readOnly: true }],
    ['from=stage,target=/x,ro=false', { from: 'stage', readOnly: false }],
    ['type=cache,target=/x', { type: 'cache', readOnly: false }],
    [
      'type=CACHE,TARGET=/x,sharing=Locked,id=i,mode=0700,uid=1,gid=2,readonly',
      { sharing: 'locked', id: 'i', mode: 0o700, uid: 1, gid: 2, readOnly: true },
    ],
    ['type=tmpfs,target=/x,size=1.5g', { type: 'tmpfs', sizeLimit: 1.5 * 2 ** 30, readOnly: false }],
    ['type=tmpfs,target=/x,size=64MiB', { sizeLimit: 64 * 2 ** 20 }],
    ['type=secret,id=s', { type: 'secret', id: 's', required: false, readOnly: true, env: null }],
    ['type=secret,id=s,required,env=TOKEN,mode=0440', { required: true, env: 'TOKEN', mode: 0o440 }],
    ['type=ssh,required=false', { type: 'ssh', required: false }],
  ])('%s', (value, mount) => {
    expect(resolve(value)).toMatchObject(mount);
  });

  test('expands values but not from', () => {
    expect(resolve('type=$type,target=${dir:-/d},id="a b"', { type: 'cache' })).toMatchObject({
      type: 'cache',
      target: '/d',
      id: 'a b',
    });
    expect(resolve("from=a'b,target=/x").from).toBe('ab');
  });

  test.each([
    ['typ=cache', "unexpected key 'typ' in 'typ=cache' (did you mean type?)"],
    ['type=cash', 'unsupported mount type "cash" (did you mean cache?)'],
    ['type=cache,target=/x,sharing=shard', 'unsupported sharing value "shard" (did you mean shared?)'],
    ['target', "invalid field 'target' must be a key=value pair"],
    ['target=/x,required', "unexpected key 'required' for mount type 'bind'"],
    ['target=/x,size=1', "unexpected key 'size' for mount type 'bind'"],
    ['target=/x,mode=0700', 'mode not allowed for "bind" type mounts'],
    ['type=tmpfs,target=/x,uid=1', 'uid not allowed for "tmpfs" type mounts'],
    ['type=cache,target=/x,mode=9', 'invalid value 9 for mode'],
    ['type=cache,target=/x,uid=a', 'invalid value a for uid'],
    ['type=tmpfs,target=/x,size=a', 'invalid value for size: a'],
    ['target=/x,ro=maybe', 'invalid value for ro: maybe'],
    ['target=/x,sharing=locked', 'invalid cache sharing set for bind mount'],
    ['type=secret', 'invalid secret mount. one of source, target required'],
    ['type=secret,id=a,source=b', "both source and id can't be set"],
    ['type=secret,id=a,from=b', 'secret mount should not have a from'],
    ['type=secret,id=a,sharing=locked', 'secret mount should not define sharing'],
    ['type=ssh,source=a', 'ssh does not support source'],
  ])('%s is refused', (value, message) => {
    expect(() => resolve(value)).toThrow(expect.objectContaining({ code: 'MOUNT_INVALID', message }));
  });
});

describe('the flag', () => {
  test('is comma-separated values, quotes of the flag removed first', () => {
    const [mount] = firstOf('run', 'RUN --mount=type=bind,\'"source=a,b"\',target=/x x').mounts;

    expect(mount).toMatchObject({
      text: 'type=bind,"source=a,b",target=/x',
      options: [
        { key: 'type', value: 'bind' },
        { key: 'source', value: 'a,b' },
        { key: 'target', value: '/x' },
      ],
    });
  });

  test.each([
    ['from=$x,target=/y', "'from' doesn't support variable expansion, define alias stage instead"],
    ['a\\"b', 'failed to parse csv mounts: parse error on line 1, column 2: bare " in non-quoted field'],
    [
      '\\"a',
      'failed to parse csv mounts: parse error on line 1, column 3: extraneous or missing " in quoted-field',
    ],
  ])('%s is refused', (value, message) => {
    expect(errorsOf(`FROM a\nRUN --mount=${value} x`)).toEqual([message]);
  });
});
