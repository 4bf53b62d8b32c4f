// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type {
  ContentStore,
  ExportProgress,
  ImageRecord,
  ImageStore,
  Layer,
  PlatformResult,
  Tree,
} from '@img-build/interfaces';
import { type Digest, MEDIA_TYPES, type Platform } from '@img-build/oci';

const folders: string[] = [];

/** A temporary folder that {@link removeFolders} removes. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'img-exporters-'));
  folders.push(folder);
  return folder;
}

/** Removes all temporary folders. */
export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** A real gzip layer of one file, stored. */
export async function storeLayer(content: ContentStore, name: string, text: string): Promise<Layer> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, name), text);
  const tar = execFileSync('tar', ['--owner=0', '--group=0', '--mtime=@0', '-C', folder, '-cf', '-', name]);
  const diffId: Digest = `sha256:${createHash('sha256').update(tar).digest('hex')}`;
  const descriptor = await content.ingest(MEDIA_TYPES.ociLayerGzip, once(gzipSync(tar)));
  return { descriptor: { ...descriptor, annotations: { 'containerd.io/uncompressed': diffId } }, diffId };
}

/** The result of a build that made `layers`. */
export function platformResult(
  layers: readonly Layer[],
  platform: Platform = { os: 'linux', architecture: 'amd64' },
): PlatformResult {
  return {
    platform,
    config: {
      os: platform.os,
      architecture: platform.architecture,
      ...(platform.variant === undefined ? {} : { variant: platform.variant }),
      config: { Env: ['PATH=/bin'], Cmd: ['/hello'] },
      rootfs: { type: 'layers', diff_ids: [] },
      history: [
        ...layers.map((_, index) => ({ created_by: `COPY ${index} /`, comment: 'buildkit.dockerfile.v0' })),
        { created_by: 'CMD ["/hello"]', comment: 'buildkit.dockerfile.v0', empty_layer: true },
      ],
    },
    layers: async () => layers,
    tree: async (): Promise<Tree> => ({ type: 'snapshot', name: `tree-${platform.architecture}` }),
  };
}

/** Runs every step and remembers its name. */
export function recordProgress(): { readonly steps: string[]; readonly progress: ExportProgress } {
  const steps: string[] = [];
  return {
    steps,
    progress: async (step, work) => {
      steps.push(step);
      return work();
    },
  };
}

/** Image names without a database. */
export function memoryImageStore(): ImageStore {
  const records = new Map<string, ImageRecord>();
  return {
    get: (name) => records.get(name),
    put(name, target) {
      const record: ImageRecord = { name, target, createdAt: 0, updatedAt: 0 };
      records.set(name, record);
      return record;
    },
    remove: (name) => records.delete(name),
    list: () => [...records.values()],
  };
}

/** All bytes of a stream. */
export async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
