// SPDX-License-Identifier: MIT
import {
  canonicalDigest,
  type Descriptor,
  detectDocument,
  isDigest,
  isLayerType,
  MEDIA_TYPES,
  type Platform,
} from '@img-build/oci';
import type { MadeDocument } from '../cache/cache-manifest.ts';
import { ExporterError } from '../exporter-error.ts';
import { compactBytes, configBytes } from '../image/stable-json.ts';
import type { SavedMount } from './saved-mount.ts';

/** Artifact type of a manifest whose layers are cache mounts. */
export const MOUNTS_TYPE = 'application/vnd.img-build.cache-mounts.v1';

/** What a layer says about the cache mount that it is. */
const ANNOTATIONS = {
  id: 'org.img-build.cache-mount.id',
  seeded: 'org.img-build.cache-mount.seeded',
  uid: 'org.img-build.cache-mount.uid',
  gid: 'org.img-build.cache-mount.gid',
  mode: 'org.img-build.cache-mount.mode',
  diffId: 'containerd.io/uncompressed',
} as const;

const MAX_MOUNTS = 1000;
const MAX_ID = 4096;
const MAX_OWNER = 2 ** 32 - 2;
const MAX_MODE = 0o7777;
/** Bytes of one packed mount. */
const MAX_LAYER = 64 * 1024 ** 3;

/** The documents of a set of cache mounts. */
export interface MountDocuments {
  readonly config: MadeDocument;
  readonly manifest: MadeDocument;
}

/**
 * Makes the manifest of cache mounts. Its config is that of an image with these layers: every registry and every tool
 * takes it.
 */
export function mountDocuments(mounts: readonly SavedMount[], platform: Platform): MountDocuments {
  const { os, architecture, variant } = platform;
  const config = documentOf(
    MEDIA_TYPES.ociConfig,
    configBytes({
      architecture,
      ...(variant === undefined ? {} : { variant }),
      os,
      config: {},
      rootfs: { type: 'layers', diff_ids: mounts.map(({ layer }) => layer.diffId) },
    }),
  );
  const manifest = documentOf(
    MEDIA_TYPES.ociManifest,
    compactBytes({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      artifactType: MOUNTS_TYPE,
      config: config.descriptor,
      layers: mounts.map(layerOf),
    }),
  );
  return { config, manifest };
}

function layerOf({ id, seeded, owner, layer }: SavedMount): Descriptor {
  const { mediaType, digest, size } = layer.descriptor;
  return {
    mediaType,
    digest,
    size,
    annotations: {
      [ANNOTATIONS.diffId]: layer.diffId,
      [ANNOTATIONS.gid]: String(owner.gid),
      [ANNOTATIONS.id]: id,
      [ANNOTATIONS.mode]: owner.mode.toString(8).padStart(4, '0'),
      ...(seeded ? { [ANNOTATIONS.seeded]: 'true' } : {}),
      [ANNOTATIONS.uid]: String(owner.uid),
    },
  };
}

function documentOf(mediaType: string, bytes: Uint8Array): MadeDocument {
  return { descriptor: { mediaType, digest: canonicalDigest(bytes), size: bytes.byteLength }, bytes };
}

/**
 * Reads the manifest of cache mounts.
 *
 * @param place - for messages.
 * @throws ExporterError `CACHE_INVALID` when it is another kind of document, or says what cannot be; OciError
 */
export function readMountManifest(bytes: Uint8Array, place: string): readonly SavedMount[] {
  const document = detectDocument(bytes);
  if (document.kind !== 'manifest' || document.manifest.artifactType !== MOUNTS_TYPE)
    throw invalid(place, 'it is something else', 'name another place for cache mounts');
  const { layers } = document.manifest;
  if (layers.length > MAX_MOUNTS) throw invalid(place, `it lists more than ${MAX_MOUNTS}`);
  const mounts = layers.map((layer) => mountFrom(layer, place));
  if (new Set(mounts.map(({ id, seeded }) => `${id}\0${seeded}`)).size < mounts.length)
    throw invalid(place, 'it lists one of them twice');
  return mounts;
}

function mountFrom({ mediaType, digest, size, annotations = {} }: Descriptor, place: string): SavedMount {
  const id = annotations[ANNOTATIONS.id] ?? '';
  const diffId = annotations[ANNOTATIONS.diffId] ?? '';
  if (id === '' || id.length > MAX_ID || id.includes('\0')) throw invalid(place, 'a layer has no id');
  const what = `the layer of ${JSON.stringify(id)}`;
  if (!isLayerType(mediaType)) throw invalid(place, `${what} is no layer but ${mediaType}`);
  if (!isDigest(diffId)) throw invalid(place, `${what} does not say what it unpacks to`);
  if (size > MAX_LAYER) throw invalid(place, `${what} has ${size} bytes, more than ${MAX_LAYER}`);
  const number = (name: 'uid' | 'gid' | 'mode', radix: 8 | 10, most: number): number => {
    const text = annotations[ANNOTATIONS[name]] ?? '';
    const value = /^[0-9]{1,10}$/.test(text) ? Number.parseInt(text, radix) : Number.NaN;
    if (value >= 0 && value <= most) return value;
    throw invalid(place, `${what} has no usable ${name}`);
  };
  return {
    id,
    seeded: annotations[ANNOTATIONS.seeded] === 'true',
    owner: {
      uid: number('uid', 10, MAX_OWNER),
      gid: number('gid', 10, MAX_OWNER),
      mode: number('mode', 8, MAX_MODE),
    },
    layer: { descriptor: { mediaType, digest, size }, diffId },
  };
}

function invalid(place: string, why: string, hint?: string): ExporterError {
  return new ExporterError(`${place} holds no cache mounts: ${why}`, {
    code: 'CACHE_INVALID',
    ...(hint === undefined ? {} : { hint }),
  });
}
