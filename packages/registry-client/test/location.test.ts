// SPDX-License-Identifier: MIT
import { parseReference } from '@img-build/oci';
import { describe, expect, test } from '@jest/globals';
import { parseLocation } from '../src/index.ts';

describe('a location', () => {
  test.each([
    ['busybox', { type: 'registry', reference: parseReference('busybox') }],
    ['docker://r.test:5000/a:b', { type: 'registry', reference: parseReference('r.test:5000/a:b') }],
    ['oci:dir', { type: 'oci', folder: 'dir' }],
    ['oci:/a:b/dir:tag', { type: 'oci', folder: '/a:b/dir', name: 'tag' }],
    [`oci:d@sha256:${'a'.repeat(64)}`, { type: 'oci', folder: 'd', name: `sha256:${'a'.repeat(64)}` }],
    ['docker-archive:a.tar', { type: 'docker-archive', file: 'a.tar' }],
    [
      'docker-archive:a.tar:app:1',
      { type: 'docker-archive', file: 'a.tar', reference: parseReference('app:1') },
    ],
  ])('%s', (text, location) => {
    expect(parseLocation(text)).toEqual(location);
  });

  test.each(['oci:', 'oci:dir:no/tag:', 'docker-archive:', 'docker-archive::x', 'oci:dir:-x'])(
    '%s is none',
    (text) => {
      expect(() => parseLocation(text)).toThrow(
        expect.objectContaining({ code: 'REGISTRY_LOCATION_INVALID' }),
      );
    },
  );
});
