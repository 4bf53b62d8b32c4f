// SPDX-License-Identifier: MIT
import { createHash, randomFillSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** An image whose layers are of one size and do not compress, in an OCI layout folder under the tag `bench`. */
export interface TransferImage {
  readonly name: string;
  readonly folder: string;
}

/** Makes an image of `count` layers of `megabytes` each. */
export function makeTransferImage(work: string, count: number, megabytes: number): TransferImage {
  const name = `${count}x${megabytes}MB`;
  const folder = join(work, name);
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  const store = (bytes: Uint8Array, mediaType: string) => {
    const digest = sha256(bytes);
    writeFileSync(join(folder, 'blobs', digest.replace(':', '/')), bytes);
    return { mediaType, digest, size: bytes.byteLength };
  };
  const diffIds: string[] = [];
  const layers = Array.from({ length: count }, () => {
    const content = randomFillSync(Buffer.allocUnsafe(megabytes * 1_000_000));
    diffIds.push(sha256(content));
    return store(gzipSync(content, { level: 0 }), 'application/vnd.oci.image.layer.v1.tar+gzip');
  });
  const config = store(
    Buffer.from(
      JSON.stringify({
        architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
        os: 'linux',
        rootfs: { type: 'layers', diff_ids: diffIds },
      }),
    ),
    'application/vnd.oci.image.config.v1+json',
  );
  const manifestType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = store(
    Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config, layers })),
    manifestType,
  );
  const annotations = { 'org.opencontainers.image.ref.name': 'bench' };
  writeFileSync(
    join(folder, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  return { name, folder };
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
