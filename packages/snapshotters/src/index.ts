// SPDX-License-Identifier: MIT
export {
  type ChooseBackendOptions,
  type ChosenBackend,
  chooseBackend,
  removeProbes,
} from './choose-backend.ts';
export type { FolderSnapshotter, FolderSnapshotterOptions } from './folder-snapshotter.ts';
export { createNativeSnapshotter, type NativeSnapshotterOptions } from './native-snapshotter.ts';
export { createOverlaySnapshotter, type OverlaySnapshotterOptions } from './overlay-snapshotter.ts';
export { removeTree } from './remove-tree.ts';
export { SnapshotError, type SnapshotErrorCode } from './snapshot-error.ts';
