// SPDX-License-Identifier: MIT
import type { WorkerProcessSettings } from '@img-build/worker/process';
import { keepCompiledCode } from './compiled-code.ts';

// Started inside the namespaces by the main process, with its settings as only argument.
keepCompiledCode(process.env);
const { serveWorkerProcess } = await import('@img-build/worker/process');
await serveWorkerProcess(JSON.parse(process.argv[2] ?? '{}') as WorkerProcessSettings);
