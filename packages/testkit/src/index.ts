// SPDX-License-Identifier: MIT
export { describeContentStore } from './content-store-contract.ts';
export { createMemoryContentStore } from './memory-content-store.ts';
