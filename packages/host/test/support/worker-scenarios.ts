// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createRpcClient, type MappingMode, spawnWorkerProcess } from '../../src/index.ts';
import type { TestMethods } from './worker-methods.ts';

/** Run by worker-process.test.ts as different users; prints what it saw as JSON. */
const [scenario = '', mapping] = process.argv.slice(2);
const script = fileURLToPath(new URL('./test-worker.ts', import.meta.url));

async function withWorker<Result>(
  use: (
    client: ReturnType<typeof createRpcClient<TestMethods>>,
    worker: Awaited<ReturnType<typeof spawnWorkerProcess>>,
  ) => Promise<Result>,
): Promise<Result> {
  const worker = await spawnWorkerProcess({
    command: [
      process.execPath,
      '--conditions=@img-build/source',
      '--disable-warning=ExperimentalWarning',
      script,
    ],
    mapping: mapping as MappingMode | undefined,
  });
  const client = createRpcClient<TestMethods>(worker.channel, { explain: () => worker.ended });
  try {
    return await use(client, worker);
  } finally {
    client.close();
    await worker.close();
  }
}

function codeOf(error: unknown): unknown {
  const { code, message, hint } = error as { code?: string; message?: string; hint?: string };
  return { code, message, hint };
}

const scenarios: Readonly<Record<string, () => Promise<unknown>>> = {
  facts: () =>
    withWorker(async (client, worker) => ({
      ...(await client.call('facts', null)),
      mapping: worker.mapping,
      pidNamespace: worker.pidNamespace,
    })),
  stream: () =>
    withWorker(async (client) => {
      let total = 0;
      for await (const chunk of client.stream('zeros', 50_000_000)) total += chunk.length;
      return total;
    }),
  chown: () =>
    withWorker(async (client) => {
      const folder = mkdtempSync('/tmp/img-chown-');
      try {
        const inside = await client.call('chown', { path: `${folder}/file`, uid: 1000 }).catch(codeOf);
        return { inside, outside: statSync(`${folder}/file`).uid };
      } finally {
        rmSync(folder, { recursive: true });
      }
    }),
  death: () =>
    withWorker((client) => client.call('exit', { code: 9, say: 'last words' }).then(() => null, codeOf)),
  die: () =>
    withWorker(async (client) => {
      await client.call('spawnSleeper', null);
      process.stdout.write('null');
      return process.kill(process.pid, 'SIGKILL');
    }),
};

process.stdout.write(JSON.stringify(await (scenarios[scenario]?.() ?? Promise.resolve(null)).catch(codeOf)));
