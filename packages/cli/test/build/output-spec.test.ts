// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { parseOutputSpec, writesToStdout } from '../../src/build/output-spec.ts';

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
])('%j is refused', (text, part) => {
  expect(() => parseOutputSpec(text)).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(part) }),
  );
});
