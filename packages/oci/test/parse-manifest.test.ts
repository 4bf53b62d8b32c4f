// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  canonicalDigest,
  detectDocument,
  MAX_MANIFEST_BYTES,
  MEDIA_TYPES,
  parseIndex,
  parseManifest,
} from '../src/index.ts';

const bytes = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const descriptor = (mediaType: string = MEDIA_TYPES.ociLayerGzip) => ({
  mediaType,
  digest: canonicalDigest('x'),
  size: 1,
});
const manifest = {
  schemaVersion: 2,
  mediaType: MEDIA_TYPES.ociManifest,
  config: descriptor(MEDIA_TYPES.ociConfig),
  layers: [descriptor()],
};
const index = {
  schemaVersion: 2,
  mediaType: MEDIA_TYPES.ociIndex,
  manifests: [{ ...descriptor(MEDIA_TYPES.ociManifest), platform: { os: 'linux', architecture: 'amd64' } }],
};
const failing = (value: unknown, mediaType?: string): string => {
  try {
    detectDocument(bytes(value), { mediaType });
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('detectDocument', () => {
  test.each([
    MEDIA_TYPES.ociManifest,
    `${MEDIA_TYPES.ociManifest}; charset=utf-8`,
    'application/json',
    'text/plain',
    'application/octet-stream',
    '',
    undefined,
  ])('reads a manifest that came as %j', (mediaType) => {
    expect(detectDocument(bytes(manifest), { mediaType })).toEqual({
      kind: 'manifest',
      mediaType: MEDIA_TYPES.ociManifest,
      manifest,
    });
  });

  test('infers the type of documents that do not say it', () => {
    const { mediaType: _one, ...bareManifest } = manifest;
    const { mediaType: _two, ...bareIndex } = index;
    expect(detectDocument(bytes(bareManifest))).toEqual({
      kind: 'manifest',
      mediaType: MEDIA_TYPES.ociManifest,
      manifest,
    });
    expect(detectDocument(bytes(bareIndex))).toEqual({
      kind: 'index',
      mediaType: MEDIA_TYPES.ociIndex,
      index,
    });
    expect(detectDocument(bytes(bareManifest), { mediaType: MEDIA_TYPES.dockerManifest }).mediaType).toBe(
      MEDIA_TYPES.dockerManifest,
    );
  });

  test('keeps members it does not know and drops nulls', () => {
    const odd = {
      ...manifest,
      annotations: null,
      'x-new': { a: [1, null] },
      layers: [{ ...descriptor(), annotations: null, platform: null }],
    };
    expect(parseManifest(bytes(odd))).toEqual({ ...manifest, 'x-new': { a: [1, null] } });
    expect(parseManifest(bytes({ ...manifest, layers: null })).layers).toEqual([]);
  });

  test.each<[string, unknown, string | undefined]>([
    ['both lists', { ...manifest, manifests: [] }, undefined],
    ['a manifest named index', { ...manifest, mediaType: MEDIA_TYPES.ociIndex }, undefined],
    ['an index named manifest', { ...index, mediaType: MEDIA_TYPES.ociManifest }, undefined],
    ['another type than it came with', manifest, MEDIA_TYPES.dockerManifest],
    ['an index with a config', { ...index, config: manifest.config }, undefined],
    ['a member in other case', { ...manifest, Layers: [] }, undefined],
  ])('refuses as ambiguous %s', (_name, value, mediaType) => {
    expect(failing(value, mediaType)).toBe('DOCUMENT_AMBIGUOUS');
  });

  test.each<[string, unknown, string | undefined]>([
    ['schema 1', { schemaVersion: 1, fsLayers: [] }, undefined],
    ['schema 1 by type', {}, MEDIA_TYPES.dockerManifestV1Signed],
    ['schema 1 as text', { schemaVersion: 1, name: 'x', fsLayers: [{}] }, 'text/plain'],
    ['a web page', '<html>', 'text/html'],
    [
      'an unknown type',
      { ...manifest, mediaType: 'application/vnd.oci.artifact.manifest.v1+json' },
      undefined,
    ],
  ])('refuses as unsupported %s', (_name, value, mediaType) => {
    expect(failing(value, mediaType)).toBe('MEDIA_TYPE_UNSUPPORTED');
  });

  test.each<[string, unknown]>([
    ['no JSON', '<html>'],
    ['a byte order mark', `\ufeff${JSON.stringify(manifest)}`],
    ['a list', []],
    ['null', null],
    ['no version', { ...manifest, schemaVersion: undefined }],
    ['no config', { ...manifest, config: undefined }],
    ['no manifests', { ...index, manifests: undefined }],
    ['a list that is none', { ...manifest, layers: {} }],
    ['a digest that is none', { ...manifest, layers: [{ ...descriptor(), digest: 'sha256:../../etc' }] }],
    [
      'an upper-case digest',
      { ...manifest, layers: [{ ...descriptor(), digest: descriptor().digest.toUpperCase() }] },
    ],
    ['a negative size', { ...manifest, layers: [{ ...descriptor(), size: -1 }] }],
    ['a size too large to count', { ...manifest, layers: [{ ...descriptor(), size: 2 ** 60 }] }],
    ['a size in words', { ...manifest, layers: [{ ...descriptor(), size: '1' }] }],
    ['a layer without type', { ...manifest, layers: [{ ...descriptor(), mediaType: '' }] }],
    ['a null layer', { ...manifest, layers: [null] }],
    ['annotations that are no strings', { ...manifest, annotations: { a: 1 } }],
    [
      'a platform without architecture',
      { ...index, manifests: [{ ...descriptor(), platform: { os: 'linux' } }] },
    ],
    ['a subject that is none', { ...manifest, subject: 'x' }],
    ['too many children', { ...index, manifests: Array.from({ length: 10_000 }, () => descriptor()) }],
    ['too much nesting', `{"schemaVersion":2,"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ])('refuses as invalid %s', (_name, value) => {
    expect(failing(value)).toBe('DOCUMENT_INVALID');
  });

  test('refuses bytes that are not UTF-8 and documents beyond the limit', () => {
    expect(() => detectDocument(Uint8Array.of(0x7b, 0xff, 0x7d))).toThrow(
      expect.objectContaining({ code: 'DOCUMENT_INVALID' }),
    );
    const huge = new Uint8Array(MAX_MANIFEST_BYTES + 1).fill(0x20);
    expect(() => detectDocument(huge)).toThrow(expect.objectContaining({ code: 'DOCUMENT_INVALID' }));
    expect(detectDocument(bytes(manifest), { maxBytes: 1000 }).kind).toBe('manifest');
    expect(() => detectDocument(bytes(manifest), { maxBytes: 10 })).toThrow('more than the 10 allowed');
  });

  test('answers every JSON document with a result or an error of its own', () => {
    const codes = ['accepted', 'DOCUMENT_INVALID', 'DOCUMENT_AMBIGUOUS', 'MEDIA_TYPE_UNSUPPORTED'];
    const parts = fc.record(
      {
        schemaVersion: fc.oneof(fc.constant(2), fc.jsonValue()),
        mediaType: fc.oneof(fc.constantFrom(...Object.values(MEDIA_TYPES)), fc.jsonValue()),
        config: fc.oneof(fc.constant(descriptor()), fc.jsonValue()),
        layers: fc.oneof(fc.constant([descriptor()]), fc.jsonValue()),
        manifests: fc.oneof(fc.constant([descriptor()]), fc.jsonValue()),
        __proto__: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(parts, (value) => {
        expect(codes).toContain(failing(value));
      }),
    );
  });
});

test('parseManifest and parseIndex insist on their kind', () => {
  expect(parseManifest(bytes(manifest))).toEqual(manifest);
  expect(parseIndex(bytes(index))).toEqual(index);
  expect(() => parseManifest(bytes(index))).toThrow('invalid manifest: it is an index');
  expect(() => parseIndex(bytes(manifest))).toThrow('invalid index: it is a manifest');
});
