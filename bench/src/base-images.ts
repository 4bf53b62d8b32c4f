// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** The images every workload starts from, by their names at the registry. */
export interface BaseImages {
  readonly debian: string;
  readonly busybox: string;
  /** The Debian image's only layer, for comparison with tar. */
  readonly debianLayer: string;
  /** Bytes of that layer, packed and unpacked. */
  readonly debianSizes: { readonly packed: number; readonly unpacked: number };
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

/** Makes both base images and uploads them, without any of the builders that are measured. */
export async function createBaseImages(work: string, host: string, given?: string): Promise<BaseImages> {
  const debianLayer = given === undefined ? makeDebian(work) : packed(work, resolve(given));
  const sizes = await upload(host, 'bench/debian', debianLayer);
  await upload(host, 'bench/busybox', makeBusybox(work));
  return {
    debian: `${host}/bench/debian:1`,
    busybox: `${host}/bench/busybox:1`,
    debianLayer,
    debianSizes: sizes,
  };
}

function makeDebian(work: string): string {
  const tar = join(work, 'debian.tar');
  if (!existsSync(`${tar}.gz`)) {
    execFileSync('mmdebstrap', ['--quiet', '--variant=minbase', 'bookworm', tar], {
      stdio: ['ignore', 2, 2],
    });
    execFileSync('gzip', ['-6', tar]);
  }
  return `${tar}.gz`;
}

function packed(work: string, file: string): string {
  if (file.endsWith('.gz')) return file;
  const target = join(work, 'debian.tar.gz');
  execFileSync('sh', ['-c', 'gzip -6 <"$1" >"$2"', 'sh', file, target]);
  return target;
}

function makeBusybox(work: string): string {
  const root = join(work, 'busybox');
  mkdirSync(join(root, 'bin'), { recursive: true });
  mkdirSync(join(root, 'etc'), { recursive: true });
  mkdirSync(join(root, 'tmp'), { recursive: true });
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  chmodSync(join(root, 'bin/busybox'), 0o755);
  for (const name of ['sh', 'sleep', 'echo', 'cat', 'true'])
    if (!existsSync(join(root, 'bin', name))) symlinkSync('busybox', join(root, 'bin', name));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
  const layer = join(work, 'busybox.tar.gz');
  execFileSync('tar', ['-C', root, '--owner=0', '--group=0', '--numeric-owner', '-czf', layer, '.']);
  return layer;
}

async function upload(host: string, repository: string, layerFile: string) {
  const layer = readFileSync(layerFile);
  const tar = gunzipSync(layer);
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: {
        Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
        Cmd: ['/bin/sh'],
      },
      rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
      // buildah refuses to build on an image whose history does not account for its layers.
      history: [{ created: '2026-01-01T00:00:00Z', created_by: 'a root file system' }],
    }),
  );
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: CONFIG, digest: digestOf(config), size: config.length },
    layers: [{ mediaType: LAYER, digest: digestOf(layer), size: layer.length }],
  };
  await putBlob(host, repository, config);
  await putBlob(host, repository, layer);
  await send(`http://${host}/v2/${repository}/manifests/1`, {
    method: 'PUT',
    headers: { 'content-type': MANIFEST },
    body: JSON.stringify(manifest),
  });
  return { packed: layer.length, unpacked: tar.length };
}

async function putBlob(host: string, repository: string, bytes: Buffer<ArrayBuffer>): Promise<void> {
  const start = await send(`http://${host}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const place = new URL(start.headers.get('location') ?? '', start.url);
  place.searchParams.set('digest', digestOf(bytes));
  await send(place.href, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: bytes,
  });
}

async function send(url: string, request: RequestInit): Promise<Response> {
  const response = await fetch(url, request);
  if (!response.ok) throw new Error(`${request.method} ${url}: ${response.status} ${await response.text()}`);
  return response;
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
