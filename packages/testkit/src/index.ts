// SPDX-License-Identifier: MIT
export { describeCacheKeyStore } from './cache-key-store-contract.ts';
export { describeContentStore } from './content-store-contract.ts';
export { containerSpec, describeExecutor, type ExecutorFixture, runCollecting } from './executor-contract.ts';
export { createFakeExecutor, type FakeCommand, type FakeExecutor, tinyShell } from './fake-executor.ts';
export { describeInsideNamespaces } from './inside-namespaces.ts';
export { createMemoryCacheKeyStore } from './memory-cache-key-store.ts';
export {
  createMemoryCacheRecordStore,
  createMemoryLease,
  type MemoryLease,
} from './memory-cache-record-store.ts';
export { createMemoryContentStore } from './memory-content-store.ts';
export { createMemoryLocks, type MemoryLocks } from './memory-locks.ts';
export { createMemoryRegistry, type MemoryRegistry, type MemoryRegistryCall } from './memory-registry.ts';
export { createMemorySnapshotBook } from './memory-snapshot-book.ts';
export { createMemorySnapshotter, type MemorySnapshotter } from './memory-snapshotter.ts';
export { describeResolver, type ResolverFixture } from './resolver-contract.ts';
export { describeSnapshotter, type OpenSnapshot, type SnapshotterFixture } from './snapshotter-contract.ts';
