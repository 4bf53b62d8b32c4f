// SPDX-License-Identifier: MIT
export { ContentError, type ContentErrorCode } from './content-error.ts';
export {
  createDirectoryContentStore,
  type DirectoryContentStore,
  type DirectoryContentStoreOptions,
} from './directory-content-store.ts';
export { DEFAULT_READ_LIMIT } from './read-blob.ts';
export type { SweepOptions, SweepResult } from './sweep.ts';
