// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** One entry of a layer, written exactly as given. */
export interface HandmadeEntry {
  readonly path: string;
  /** `0` file, `1` hard link, `2` symlink, `3` character device, `4` block device, `5` folder, `6` fifo. */
  readonly type?: '0' | '1' | '2' | '3' | '4' | '5' | '6';
  readonly target?: string;
  readonly content?: string;
  readonly mode?: number;
}

/** A blob with its name. */
export interface Blob {
  readonly digest: string;
  readonly bytes: Buffer;
}

/** An image as a registry holds it. */
export interface HandmadeImage {
  readonly manifest: Blob;
  readonly config: Blob;
  readonly layers: readonly Blob[];
}

export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';

/** Makes an image of layers; nothing about them is checked. */
export function handmadeImage(layers: readonly (readonly HandmadeEntry[])[]): HandmadeImage {
  const tars = layers.map(tarOf);
  const blobs = tars.map((tar) => blobOf(gzipSync(tar)));
  const config = blobOf(
    Buffer.from(
      JSON.stringify({
        architecture: process.arch === 'x64' ? 'amd64' : process.arch,
        os: 'linux',
        config: {},
        rootfs: { type: 'layers', diff_ids: tars.map((tar) => blobOf(tar).digest) },
      }),
    ),
  );
  return { config, layers: blobs, manifest: manifestOf(config, blobs) };
}

/** The manifest that names a config and layers. */
export function manifestOf(config: Blob, layers: readonly Blob[]): Blob {
  const describe = (mediaType: string, { digest, bytes }: Blob): object => ({
    mediaType,
    digest,
    size: bytes.length,
  });
  return blobOf(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST_TYPE,
        config: describe(CONFIG_TYPE, config),
        layers: layers.map((layer) => describe(LAYER_TYPE, layer)),
      }),
    ),
  );
}

export function blobOf(bytes: Buffer): Blob {
  return { bytes, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` };
}

/** Puts an image into a registry that lets everybody write. @param name - `host/repository:tag` */
export async function upload(name: string, { manifest, config, layers }: HandmadeImage): Promise<void> {
  const [, host, repository, tag] = /^([^/]+)\/(.+):([^:]+)$/.exec(name) ?? [];
  for (const { digest, bytes } of [config, ...layers]) {
    const session = await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
    const place = new URL(session.headers.get('location') ?? '', `http://${host}`);
    place.searchParams.set('digest', digest);
    await stored(place, bytes, 'application/octet-stream');
  }
  await stored(new URL(`http://${host}/v2/${repository}/manifests/${tag}`), manifest.bytes, MANIFEST_TYPE);
}

async function stored(place: URL, bytes: Buffer, type: string): Promise<void> {
  const answer = await fetch(place, {
    method: 'PUT',
    body: new Uint8Array(bytes),
    headers: { 'content-type': type },
  });
  if (answer.status !== 201) throw new Error(`${place} answered ${answer.status}: ${await answer.text()}`);
}

function tarOf(entries: readonly HandmadeEntry[]): Buffer {
  const blocks = entries.map(({ path, type = '0', target = '', content = '', mode = 0o644 }) => {
    const header = Buffer.alloc(512);
    const octal = (value: number, at: number, length: number): void =>
      void header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
    header.write(path, 0, 100, 'utf8');
    octal(mode, 100, 8);
    octal(0, 108, 8);
    octal(0, 116, 8);
    octal(Buffer.byteLength(content), 124, 12);
    octal(1_700_000_000, 136, 12);
    header.write(' '.repeat(8), 148, 'latin1');
    header.write(type, 156, 'latin1');
    header.write(target, 157, 100, 'utf8');
    header.write('ustar\x0000', 257, 'latin1');
    octal(1, 329, 8);
    octal(3, 337, 8);
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      148,
      7,
    );
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
    body.write(content, 'utf8');
    return Buffer.concat([header, body]);
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
