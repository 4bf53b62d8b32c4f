// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { parseReference } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';
import { parseMountExport, parseMountImport } from '../../src/mounts/mount-place-spec.ts';

const reference = parseReference('localhost:5000/team/cache:mounts');
const packing = { compression: 'zstd', compressionLevel: undefined, ignoreError: false };

test.each([
  ['localhost:5000/team/cache:mounts', { type: 'registry', reference, insecure: false }, []],
  [
    'localhost:5000/team/cache:mounts,id=/var/npm,id=pip',
    { type: 'registry', reference, insecure: false },
    ['/var/npm', 'pip'],
  ],
  [
    'type=registry,ref=localhost:5000/team/cache:mounts,registry.insecure=true',
    { type: 'registry', reference, insecure: true },
    [],
  ],
  ['type=local,src=cache', { type: 'local', folder: resolve('cache'), tag: undefined }, []],
  ['id=a=b,src=/cache,TYPE=local,tag=x', { type: 'local', folder: '/cache', tag: 'x' }, ['a=b']],
  ['type=local,"src=/with,comma"', { type: 'local', folder: '/with,comma', tag: undefined }, []],
])('reads the source %s', (text, place, ids) => {
  expect(parseMountImport(text)).toEqual({ place, ids });
});

test.each([
  ['localhost:5000/team/cache:mounts', {}],
  ['type=registry,ref=localhost:5000/team/cache:mounts,compression=gzip', { compression: 'gzip' }],
  [
    'type=registry,ref=localhost:5000/team/cache:mounts,compression-level=9,ignore-error=true',
    { compressionLevel: 9, ignoreError: true },
  ],
])('reads the destination %s', (text, change) => {
  const place = { type: 'registry', reference, insecure: false };
  expect(parseMountExport(text)).toEqual({ place, ids: [], ...packing, ...change });
});

describe('refuses', () => {
  test.each([
    ['', 'it says nothing'],
    ['src=/cache', 'it has no type'],
    ['type=s3,bucket=x', 'unsupported type "s3"'],
    ['type=local', 'it has no src'],
    ['type=local,dest=/cache', 'type=local has no "dest"'],
    ['type=registry', 'it has no ref'],
    ['type=registry,ref=a,src=/b', 'type=registry has no "src"'],
    ['type=local,src=/a,src=/b', '"src" is given twice'],
    ['type=local,src=/a,id=', 'id has no value'],
    ['type=local,src=/a,tag=-', '"-" is no tag'],
    ['type=local,src=/a,compression=gzip', 'type=local has no "compression"'],
    ['a,b', '"b" is not key=value'],
    ['type=registry,ref=a,registry.insecure=yes', 'registry.insecure is true or false'],
  ])('the source %j', (text, problem) => {
    expect(() => parseMountImport(text)).toThrow(
      `invalid --cache-mount-from ${JSON.stringify(text)}: ${problem}`,
    );
  });

  test.each([
    ['type=local,src=/a', 'type=local has no "src"'],
    ['type=local,dest=/a,compression=lz4', 'unsupported compression "lz4"'],
    ['type=local,dest=/a,compression-level=many', 'compression-level "many" is no number'],
  ])('the destination %j', (text, problem) => {
    expect(() => parseMountExport(text)).toThrow(problem);
  });

  test('a name that is none', () => {
    expect(() => parseMountImport('team/CASE')).toThrow(
      expect.objectContaining({ code: 'REFERENCE_INVALID' }),
    );
  });
});
