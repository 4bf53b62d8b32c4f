// SPDX-License-Identifier: MIT
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { readTar, type TarEntry } from './tar.ts';

/** What the tests look at in a config. */
export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly created?: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly rootfs: { readonly type: string; readonly diff_ids: readonly string[] };
  readonly history: readonly {
    readonly created?: string;
    readonly created_by?: string;
    readonly comment?: string;
    readonly empty_layer?: boolean;
  }[];
}

/** An image read from an OCI archive. */
export interface Image {
  readonly digest: string;
  readonly manifest: { readonly mediaType: string; readonly layers: readonly OciDescriptor[] };
  readonly config: ImageConfig;
  /** Uncompressed layers. */
  readonly layers: readonly (readonly TarEntry[])[];
  /** The layers put on top of each other. */
  readonly files: ReadonlyMap<string, TarEntry>;
}

interface OciDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture: string; readonly os: string; readonly variant?: string };
}

/** Reads all images of an OCI archive, those of an index one by one. */
export function readOciArchive(bytes: Buffer): readonly Image[] {
  const blobs = new Map(readTar(bytes).map(({ path, content }) => [path, content]));
  const blob = (digest: string): Buffer => {
    const found = blobs.get(`blobs/${digest.replace(':', '/')}`);
    if (found === undefined) throw new Error(`the archive lacks ${digest}`);
    return found;
  };
  const json = <T>(text: Buffer | undefined): T => JSON.parse(String(text)) as T;
  const visit = ({ digest }: OciDescriptor): readonly Image[] => {
    const document = json<{
      manifests?: readonly OciDescriptor[];
      config: OciDescriptor;
      layers: readonly OciDescriptor[];
      mediaType: string;
    }>(blob(digest));
    if (document.manifests !== undefined) return document.manifests.flatMap(visit);
    const layers = document.layers.map((layer) => readTar(uncompressed(blob(layer.digest))));
    const config = json<ImageConfig>(blob(document.config.digest));
    return [{ digest, manifest: document, config, layers, files: flatten(layers) }];
  };
  return json<{ manifests: readonly OciDescriptor[] }>(blobs.get('index.json')).manifests.flatMap(visit);
}

/** Undoes gzip and zstd. */
export function uncompressed(bytes: Buffer): Buffer {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes);
  return bytes.readUInt32LE(0) === 0xfd2fb528 ? zstdDecompressSync(bytes) : bytes;
}

/** Applies the rules of layers: later entries win, whiteouts remove. @see image-spec v1.1.1, layer.md */
export function flatten(layers: readonly (readonly TarEntry[])[]): ReadonlyMap<string, TarEntry> {
  const files = new Map<string, TarEntry>();
  const removeBelow = (path: string): void => {
    for (const known of files.keys()) if (known.startsWith(`${path}/`)) files.delete(known);
  };
  for (const layer of layers) {
    for (const { path } of layer) {
      const [, folder = '', name] = /^(.*?)\/?([^/]*)$/.exec(path) ?? [];
      if (name === '.wh..wh..opq') removeBelow(folder);
      else if (name?.startsWith('.wh.')) {
        const target = `${folder === '' ? '' : `${folder}/`}${name.slice(4)}`;
        files.delete(target);
        removeBelow(target);
      }
    }
    for (const entry of layer) {
      if (/(^|\/)\.wh\./.test(entry.path)) continue;
      if (entry.type !== 'folder') removeBelow(entry.path);
      files.set(entry.path, entry);
    }
  }
  return files;
}

/** `mode uid:gid` and the text of a file. */
export function fileOf(image: Image, path: string): string | undefined {
  const entry = image.files.get(path);
  return entry && `${entry.mode.toString(8)} ${entry.uid}:${entry.gid} ${entry.content.toString()}`;
}

/** The text of a file. */
export function textOf(image: Image, path: string): string | undefined {
  return image.files.get(path)?.content.toString();
}
