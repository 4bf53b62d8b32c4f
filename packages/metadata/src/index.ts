// SPDX-License-Identifier: MIT
export type { Changes } from './changes.ts';
export type { CollectionOptions, CollectionPlan, RecordUse, SnapshotName } from './collection.ts';
export type { LeaseHolder, LeaseList } from './lease-store.ts';
export { type Expendable, leastUseful, type SacrificeOptions } from './least-useful.ts';
export type { Measurement, MeasurementStore } from './measurement-store.ts';
export { type Metadata, type MetadataOptions, openMetadata } from './metadata.ts';
export { MetadataError, type MetadataErrorCode } from './metadata-error.ts';
export type { ProcessIdentity, ProcessTable } from './process-identity.ts';
export {
  type LeaseRow,
  readStoreContents,
  type StoreContents,
  type StoreContentsOptions,
} from './store-contents.ts';
