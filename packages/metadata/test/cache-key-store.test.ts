// SPDX-License-Identifier: MIT
import { describeCacheKeyStore } from '@img-build/testkit';
import { openState } from './temporary-state.ts';

describeCacheKeyStore('SQLite store', async () => openState().cacheKeys);
