// SPDX-License-Identifier: MIT
export type { CollectionOptions, CollectionPlan, SnapshotName } from './collection.ts';
export { type Metadata, type MetadataOptions, openMetadata } from './metadata.ts';
export { MetadataError, type MetadataErrorCode } from './metadata-error.ts';
export type { ProcessIdentity, ProcessTable } from './process-identity.ts';
