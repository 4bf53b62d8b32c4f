// SPDX-License-Identifier: MIT
import { serveWorkerProcess, type WorkerProcessSettings } from '@img-build/worker/process';

// Started inside the namespaces by the main process, with its settings as only argument.
await serveWorkerProcess(JSON.parse(process.argv[2] ?? '{}') as WorkerProcessSettings);
