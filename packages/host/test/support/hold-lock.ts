// SPDX-License-Identifier: MIT
import { createHostCalls, createLocks } from '../../src/index.ts';

/** Run by locks.test.ts: holds a lock until it is killed. */
await createLocks({ directory: process.argv[2] ?? '', host: createHostCalls() }).acquire('held');
process.stdout.write('held\n');
setInterval(() => {}, 60_000);
