// SPDX-License-Identifier: MIT
import { parseReference } from '@img-build/oci';
import { expect, test } from '@jest/globals';
import { parseCacheExport, parseCacheImport } from '../../src/build/flags/cache-spec.ts';

const settings = {
  mode: 'min',
  compression: undefined,
  compressionLevel: undefined,
  forceCompression: false,
  ignoreError: false,
  imageManifest: true,
  mediaTypes: 'oci',
};
const reference = parseReference('localhost:5000/app/cache:main');
const digest = `sha256:${'a'.repeat(64)}`;

test.each([
  ['type=inline', { type: 'inline', ...settings }],
  ['type=inline,mode=max', { type: 'inline', ...settings, mode: 'max' }],
  ['localhost:5000/app/cache:main', { type: 'registry', reference, insecure: false, ...settings }],
  [
    'type=registry,ref=localhost:5000/app/cache:main,mode=max,compression=zstd,compression-level=9,force-compression=true',
    {
      ...settings,
      type: 'registry',
      reference,
      insecure: false,
      mode: 'max',
      compression: 'zstd',
      compressionLevel: 9,
      forceCompression: true,
    },
  ],
  [
    'type=registry,ref=localhost:5000/app/cache:main,image-manifest=false,ignore-error=1,registry.insecure=true',
    { ...settings, type: 'registry', reference, insecure: true, imageManifest: false, ignoreError: true },
  ],
  [
    'type=registry,ref=localhost:5000/app/cache:main,oci-mediatypes=false',
    { ...settings, type: 'registry', reference, insecure: false, imageManifest: false, mediaTypes: 'docker' },
  ],
  [
    'type=local,dest=out',
    { ...settings, type: 'local', folder: '/project/out', tag: 'latest', reset: false },
  ],
  [
    'type=local,"dest=/a,b",tag=main,reset=true',
    { ...settings, type: 'local', folder: '/a,b', tag: 'main', reset: true },
  ],
])('--cache-to %s', (text, spec) => {
  expect(parseCacheExport(text, '/project')).toEqual(spec);
});

test.each([
  ['localhost:5000/app/cache:main', { type: 'registry', reference, insecure: false }],
  ['type=registry,ref=localhost:5000/app/cache:main', { type: 'registry', reference, insecure: false }],
  ['type=local,src=in', { type: 'local', folder: '/project/in', tag: 'latest', digest: undefined }],
  [`type=local,src=/in,digest=${digest}`, { type: 'local', folder: '/in', tag: 'latest', digest }],
])('--cache-from %s', (text, spec) => {
  expect(parseCacheImport(text, '/project')).toEqual(spec);
});

test.each([
  ['', '--cache-to says nothing'],
  ['type=registry', 'it has no ref'],
  ['type=local', 'it has no dest'],
  ['ref=a/b', 'it has no type'],
  ['a/b,c/d', '"a/b" is not key=value'],
  ['type=registri,ref=a/b', 'unknown type "registri" (did you mean registry?)'],
  ['type=gha', 'caches of type=gha are not supported'],
  ['type=s3,bucket=b', 'caches of type=s3 are not supported'],
  ['type=azblob', 'caches of type=azblob are not supported'],
  ['type=registry,ref=a/b,mod=max', 'has no attribute "mod" (did you mean mode?)'],
  ['type=inline,ref=a/b', 'type=inline has no attribute "ref"'],
  ['type=inline,mode=most', 'mode must be min or max, not "most"'],
  ['type=local,dest=x,reset=yes', 'reset must be true or false, not "yes"'],
  ['type=local,dest=x,compression=lzma', 'unsupported compression "lzma"'],
  ['type=local,dest=x,compression-level=best', 'invalid compression-level "best"'],
  ['type=local,dest=x,tag=a/b', '"a/b" is not a tag'],
  ['type=registry,ref=a/b,oci-mediatypes=false,image-manifest=true', 'needs OCI media types'],
])('--cache-to %j is refused', (text, part) => {
  expect(() => parseCacheExport(text, '/project')).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(part) }),
  );
});

test.each([
  ['type=inline', 'an inline cache is part of an image'],
  ['type=local', 'it has no src'],
  ['type=local,src=x,digest=abc', 'is no digest'],
  ['type=local,src=x,dest=y', 'has no attribute "dest"'],
  ['type=gha', 'not supported'],
  ['type=registry,ref=a/b,mode=max', 'has no attribute "mode"'],
])('--cache-from %j is refused', (text, part) => {
  expect(() => parseCacheImport(text, '/project')).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(part) }),
  );
});

test('a name that is none is refused', () => {
  expect(() => parseCacheImport('Not/A name', '/project')).toThrow(
    expect.objectContaining({ code: 'REFERENCE_INVALID' }),
  );
});
