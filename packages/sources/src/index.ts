// SPDX-License-Identifier: MIT

export type { GitSourceOptions } from './git/git-remote.ts';
export { createGitSource, type GitSource } from './git/git-source.ts';
export { type ContentHasher, type ContentHasherOptions, createContentHasher } from './hash/content-hasher.ts';
export type { XattrReader } from './hash/entry-digest.ts';
export { createImageSource, type ImageSource, type ImageSourceOptions } from './image/image-source.ts';
export { createLayerFetcher, type LayerFetcher, type LayerFetcherOptions } from './image/layer-fetcher.ts';
export {
  createOciLayoutSource,
  type LayoutImage,
  type OciLayoutSource,
  type OciLayoutSourceOptions,
} from './image/oci-layout-source.ts';
export { type PulledImage, type PullOptions, type PullProgress, pullImage } from './image/pull-image.ts';
export { createLocalSource, type LocalSourceOptions } from './local-source.ts';
export { createHttpSource, type HttpSource, type HttpSourceOptions } from './remote/http-source.ts';
export { SourceError, type SourceErrorCode } from './source-error.ts';
export {
  type BytePath,
  baseName,
  bytePath,
  childPath,
  parentPath,
  pathText,
  rootedPath,
  systemPath,
} from './tree/byte-path.ts';
export { type CopySource, type CopySourcesOptions, resolveCopySources } from './tree/copy-sources.ts';
export { type EntryKind, type FileTree, openFileTree, type TreeEntry } from './tree/file-tree.ts';
export type { PathRulesOptions } from './tree/path-rules.ts';
export { type ResolvedPath, requirePath, resolvePath } from './tree/resolve-path.ts';
export { type WalkedEntry, walkTree } from './tree/walk-tree.ts';
