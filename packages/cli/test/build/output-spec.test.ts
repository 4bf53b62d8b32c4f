// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { annotationsFrom } from '../../src/build/output-attributes.ts';
import { outputsFrom, parseOutputSpec, writesToStdout } from '../../src/build/output-spec.ts';

test.each([
  ['type=tar,dest=rootfs.tar', { type: 'tar', dest: 'rootfs.tar', attributes: {} }, false],
  ['type=tar', { type: 'tar', dest: undefined, attributes: {} }, true],
  ['type=docker,dest=image.tar', { type: 'docker', dest: 'image.tar', attributes: {} }, false],
  ['type=oci,dest=-', { type: 'oci', dest: '-', attributes: {} }, true],
  ['type=oci,dest=x,tar=false', { type: 'oci', dest: 'x', attributes: { tar: 'false' } }, false],
  ['type=local,dest=rootfs/', { type: 'local', dest: 'rootfs/', attributes: {} }, false],
  [
    'type=image,name=r.j3ss.co/img',
    { type: 'image', dest: undefined, attributes: { name: 'r.j3ss.co/img' } },
    false,
  ],
  [
    'type=image,"name=a,b",push=true',
    { type: 'image', dest: undefined, attributes: { name: 'a,b', push: 'true' } },
    false,
  ],
  ['rootfs', { type: 'local', dest: 'rootfs', attributes: {} }, false],
  ['-', { type: 'tar', dest: '-', attributes: {} }, true],
  ['type=tar,"dest=a""b"', { type: 'tar', dest: 'a"b', attributes: {} }, false],
])('%s', (text, spec, toStdout) => {
  expect(parseOutputSpec(text)).toEqual(spec);
  expect(writesToStdout(parseOutputSpec(text))).toBe(toStdout);
});

test.each([
  ['type=zip', 'unknown type "zip"'],
  ['dest=x', 'no type'],
  ['type=tar,x', '"x" is not key=value'],
  ['type=image,dest=x', 'takes no dest'],
  ['type=local', 'needs a folder'],
  ['', 'output'],
  ['type=oci,dest=a,dest=b', '"dest" is given twice'],
  ['type=image,pushh=true', 'has no attribute "pushh" (did you mean push?)'],
  ['type=tar,compression=zstd', 'type=tar has no attribute "compression"'],
  ['type=tar,annotation.a=b', 'type=tar has no attribute'],
])('%j is refused', (text, part) => {
  expect(() => parseOutputSpec(text)).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(part) }),
  );
});

describe('all outputs', () => {
  const types = (flags: Partial<Parameters<typeof outputsFrom>[0]>): readonly string[] =>
    outputsFrom({ specs: [], push: false, load: false, ...flags }).map(
      ({ type, attributes }) => `${type}${attributes['push'] === 'true' ? ' pushed' : ''}`,
    );

  test('are the image store when none is named', () => {
    expect(types({})).toEqual(['image']);
    expect(types({ specs: ['type=oci', 'dir'] })).toEqual(['oci', 'local']);
  });

  test('push what is an image, or one more', () => {
    expect(types({ push: true })).toEqual(['image pushed']);
    expect(types({ push: true, specs: ['type=image', 'dir'] })).toEqual(['image pushed', 'local']);
    expect(types({ push: true, specs: ['dir'] })).toEqual(['local', 'image pushed']);
  });

  test('load beside what is named, else beside the image store', () => {
    expect(types({ load: true })).toEqual(['image', 'load']);
    expect(types({ load: true, push: true, specs: ['dir'] })).toEqual(['local', 'image pushed', 'load']);
  });

  test('have one stdout at most', () => {
    expect(() => types({ specs: ['-', 'type=docker'] })).toThrow('only one output can be written to stdout');
  });
});

test('annotations are attributes, too', () => {
  const spec = parseOutputSpec(
    'TYPE=image,Annotation.A=1,annotation-index.b=2,annotation-manifest[linux/arm64].c=3',
  );
  expect(annotationsFrom(spec)).toEqual([
    expect.objectContaining({ target: 'manifest', key: 'A', value: '1' }),
    expect.objectContaining({ target: 'index', key: 'b', value: '2' }),
    expect.objectContaining({ target: 'manifest', key: 'c', value: '3', platform: expect.anything() }),
  ]);
});
