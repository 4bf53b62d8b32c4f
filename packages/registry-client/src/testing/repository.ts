// SPDX-License-Identifier: MIT

/** A manifest as it was pushed. */
export interface StoredManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
}

/** What a registry keeps for one repository; tests may look into it and change it. */
export interface StoredRepository {
  /** By digest. */
  readonly blobs: Map<string, Buffer>;
  /** By digest. */
  readonly manifests: Map<string, StoredManifest>;
  /** Digests by tag. */
  readonly tags: Map<string, string>;
}

/** Repositories by path, made when they are first needed. */
export interface Repositories {
  get(path: string): StoredRepository | undefined;
  open(path: string): StoredRepository;
}

/** No repositories yet. */
export function createRepositories(): Repositories {
  const all = new Map<string, StoredRepository>();
  return {
    get: (path) => all.get(path),
    open(path) {
      const known = all.get(path) ?? { blobs: new Map(), manifests: new Map(), tags: new Map() };
      all.set(path, known);
      return known;
    },
  };
}
