// SPDX-License-Identifier: MIT
import { describeCacheKeyStore } from '../src/cache-key-store-contract.ts';
import { createMemoryCacheKeyStore } from '../src/memory-cache-key-store.ts';

describeCacheKeyStore('memory store', async () => createMemoryCacheKeyStore());
