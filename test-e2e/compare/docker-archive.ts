// SPDX-License-Identifier: MIT

import type { ImageConfig } from '../support/image.ts';
import { readTar, type TarEntry } from '../support/tar.ts';

/** A key of the inline cache and the keys of its inputs, each by its place in the list. */
export interface InlineRecord {
  readonly digest: string;
  readonly inputs?: readonly (readonly { readonly link: number; readonly selector?: string }[])[];
}

/** What `docker save` wrote of one image. */
export interface DockerImage {
  readonly config: ImageConfig;
  readonly layers: readonly (readonly TarEntry[])[];
  readonly records: readonly InlineRecord[];
}

/** Reads the only image of an archive. */
export function readDockerArchive(bytes: Buffer): DockerImage {
  const entries = new Map(readTar(bytes).map((entry) => [entry.path, entry]));
  const read = (path: string): Buffer => {
    const entry = entries.get(path);
    if (entry === undefined) throw new Error(`the archive lacks ${path}`);
    // Layers that occur twice are links to the first one.
    return entry.type === 'symlink' ? read(entry.target.replace(/^\.\.\//, '')) : entry.content;
  };
  const [image] = JSON.parse(read('manifest.json').toString()) as { Config: string; Layers: string[] }[];
  if (image === undefined) throw new Error('the archive holds no image');
  const config = JSON.parse(read(image.Config).toString()) as ImageConfig & {
    'moby.buildkit.cache.v0'?: string;
  };
  const cache = Buffer.from(config['moby.buildkit.cache.v0'] ?? 'W10=', 'base64').toString();
  return {
    config,
    layers: image.Layers.map((path) => readTar(read(path))),
    records: JSON.parse(cache) as InlineRecord[],
  };
}
