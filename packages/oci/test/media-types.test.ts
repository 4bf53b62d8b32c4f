// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import {
  baseMediaType,
  isConfigType,
  isForeignLayerType,
  isIndexType,
  isLayerType,
  isManifestType,
  isSchema1Type,
  layerCompression,
  layerType,
  MEDIA_TYPES,
} from '../src/index.ts';

describe('media types', () => {
  test('fall into one class each', () => {
    for (const type of Object.values(MEDIA_TYPES)) {
      const classes = [isIndexType, isManifestType, isSchema1Type, isConfigType, isLayerType].filter((is) =>
        is(type),
      );
      expect([type, classes.length]).toEqual([type, type === MEDIA_TYPES.ociEmpty ? 0 : 1]);
    }
  });

  test.each(['oci', 'docker'] as const)('of %s layers name the compression', (family) => {
    for (const compression of ['none', 'gzip', 'zstd'] as const) {
      expect(layerCompression(layerType(family, compression))).toBe(compression);
      expect(isForeignLayerType(layerType(family, compression))).toBe(false);
    }
  });

  test('of foreign and unknown layers are told apart', () => {
    expect(isForeignLayerType(MEDIA_TYPES.dockerForeignLayerGzip)).toBe(true);
    expect(layerCompression('application/vnd.oci.image.layer.v1.tar+br')).toBeUndefined();
    expect(isLayerType('constructor')).toBe(false);
  });

  test('lose their parameters', () => {
    expect(baseMediaType(' Application/JSON ; charset=utf-8')).toBe('application/json');
    expect(baseMediaType(undefined)).toBe('');
  });
});
