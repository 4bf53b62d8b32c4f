// SPDX-License-Identifier: MIT
export type { AbortOptions, Clock, Closable, ProgressOptions } from './abort.ts';
export type { BuildEvent, Report, SourceRange } from './build-event.ts';
export type {
  CacheMountWork,
  FolderOwner,
  RestoreCacheMountRequest,
  SaveCacheMountOptions,
  SavedCacheMount,
} from './cache-mount.ts';
export type {
  CacheRecord,
  CacheRecordChange,
  CacheRecordList,
  CacheRecordStore,
  CacheRecordType,
  Lease,
  LeaseStore,
} from './cache-record.ts';
export type {
  CacheExporter,
  CacheExportOptions,
  CacheGraph,
  CacheGraphRecord,
  CacheGraphResult,
  CacheImporter,
  ImportedCache,
} from './cache-transfer.ts';
export type {
  BlobFiles,
  BlobInfo,
  ContentIngester,
  ContentManager,
  ContentReader,
  ContentStore,
  Ingest,
  IngestOptions,
  OpenOptions,
} from './content-store.ts';
export type {
  CacheMountOptions,
  DeviceRequest,
  ExecMount,
  ExecRequest,
  ExecResult,
} from './exec-operation.ts';
export type {
  ContainerDevice,
  ContainerExit,
  ContainerMount,
  ContainerOutput,
  ContainerSpec,
  Executor,
  ProcessUser,
  Ulimit,
} from './executor.ts';
export type {
  Exporter,
  ExportInput,
  ExportOptions,
  ExportProgress,
  ExportResult,
  PlatformResult,
} from './exporter.ts';
export type {
  CopyAction,
  FileAction,
  FileRequest,
  FileStep,
  MakeDirectoryAction,
  MakeFileAction,
  MakeSymlinkAction,
  Owner,
  OwnerName,
  RemoveAction,
} from './file-operation.ts';
export type { FileCalls, HostCalls, MountCalls, Timespec, XattrCalls } from './host-calls.ts';
export type { ImageRecord, ImageStore } from './image-store.ts';
export type { Applier, ApplyOptions, ApplyResult, Compression, Differ, DiffOptions, Layer } from './layer.ts';
export type { LockOptions, Locks } from './locks.ts';
export type { LogFields, Logger } from './logger.ts';
export type { Mount } from './mount.ts';
export type {
  BlobPresence,
  BlobSource,
  Fetcher,
  Pusher,
  PushOutcome,
  RegistryPort,
  ResolvedManifest,
  Resolver,
} from './registry.ts';
export type { SecretSource, SshAgent } from './secret-source.ts';
export type {
  PrepareOptions,
  SnapshotBook,
  SnapshotInfo,
  SnapshotKind,
  SnapshotReader,
  SnapshotRenamer,
  SnapshotRow,
  Snapshotter,
  SnapshotUsage,
  SnapshotWriter,
} from './snapshotter.ts';
export type {
  CacheKeyStore,
  CacheLink,
  CacheLinks,
  CacheMap,
  CacheMapDependency,
  CacheResultEntry,
  CacheResults,
  Edge,
  Op,
  OpContext,
  OpResolver,
  Result,
  ResultStore,
  Vertex,
} from './solver.ts';
export type {
  ImageConfigResolver,
  RemoteLayer,
  ResolvedImageConfig,
  Source,
  SourceContent,
  SourceIdentifier,
  SourceInstance,
} from './source.ts';
export type { FileStamp, StampedDigest, StatCache } from './stat-cache.ts';
export type { FileChanges, StepCause, StepName, StepReason } from './step-reason.ts';
export type {
  BuildEntry,
  BuildHistory,
  StepEntry,
  StepQuery,
  StepStore,
  StoredStep,
} from './step-store.ts';
export type { ChecksumSelector, FileDigest, HostTree, SnapshotTree, Tree } from './tree.ts';
export type {
  ExportTreeOptions,
  OperationWork,
  SnapshotWork,
  TreeWork,
  UnpackRequest,
  Worker,
} from './worker.ts';
