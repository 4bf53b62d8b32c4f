// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createAccount } from './src/account.ts';
import { type BenchOptions, readArguments, USAGE } from './src/arguments.ts';
import { createBaseImages } from './src/base-images.ts';
import { createBuildahBuilder, createImgBuilder, createTemplateBuilder } from './src/builders.ts';
import { createCommandRunner } from './src/command.ts';
import { FigureTable } from './src/figures.ts';
import { readMachineFacts } from './src/machine.ts';
import { type RegistryServer, startRegistry } from './src/registry-server.ts';
import { formatReport, reportData } from './src/report.ts';
import { runRounds } from './src/rounds.ts';
import { createUsedFolders } from './src/used-folders.ts';
import { WORKLOADS } from './src/workloads.ts';

const cancel = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => cancel.abort(new Error('interrupted')));

try {
  const options = readArguments(process.argv.slice(2));
  if (options === 'help') console.log(USAGE);
  else await main(options, cancel.signal);
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof Error && error.cause !== undefined) console.error(error.cause);
  process.exitCode = 1;
}

async function main(options: BenchOptions, signal: AbortSignal): Promise<void> {
  const workloads = WORKLOADS.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
  if (workloads.length === 0)
    throw new Error(`no such workload; there are ${WORKLOADS.map(({ name }) => name).join(', ')}`);
  const work = workFolder(options.work);
  const servers: RegistryServer[] = [];
  const account = createAccount(work, options.asRoot);
  try {
    const registry = await startRegistry(join(work, 'registry'));
    servers.push(registry);
    const pushTarget = await startRegistry(join(work, 'push-registry'));
    servers.push(pushTarget);
    const images = await createBaseImages(work, registry.host, options.base);
    const runner = createCommandRunner(account, join(work, 'output.log'), signal);
    const used = createUsedFolders(account.home);
    const builders = [createImgBuilder(installed(options.img, work), join(account.home, 'img'), used)];
    if (options.withBuildah && isInstalled('buildah'))
      builders.push(
        await createBuildahBuilder(join(account.home, 'buildah'), account, runner, images.busybox, used),
      );
    for (const [name, template] of options.templates)
      builders.push(createTemplateBuilder(name, template, options.resets.get(name)));
    const { packed, unpacked } = images.debianSizes;
    const machine = {
      ...readMachineFacts(work, account.uid),
      'Debian layer': `${(unpacked / 1e6).toFixed(1)} MB, ${(packed / 1e6).toFixed(1)} MB as gzip`,
      runs: String(options.runs),
    };
    const figures = new FigureTable();
    const { runs, withMemory } = options;
    const onProgress = (line: string) => console.error(line);
    const report = { machine, builders, workloads, figures };
    try {
      const rounds = {
        work,
        images,
        runner,
        pushTarget,
        used,
        figures,
        signal,
        runs,
        withMemory,
        onProgress,
      };
      for (const workload of workloads) await runRounds(workload, builders, rounds);
    } finally {
      // An interrupted run still shows what it has.
      console.log(formatReport(report));
      if (options.json !== undefined)
        writeFileSync(options.json, `${JSON.stringify(reportData(report), null, 2)}\n`);
    }
    for (const builder of builders) {
      const reset = builder.reset();
      if (reset !== undefined) await runner.run(reset);
    }
    await runner.run(used.remove());
  } finally {
    for (const server of servers) await server.stop();
    account.remove();
    if (options.work === undefined) rmSync(work, { recursive: true, force: true });
  }
}

function workFolder(wanted: string | undefined): string {
  const folder = wanted === undefined ? mkdtempSync(join(tmpdir(), 'img-bench-')) : resolve(wanted);
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  return folder;
}

/** The bundle is what users run; the sources start more slowly. */
function installed(given: string | undefined, work: string): string {
  if (given !== undefined) return resolve(given);
  const prefix = join(work, 'install');
  execFileSync(join(import.meta.dirname, '../tools/install'), ['--prefix', prefix], {
    stdio: ['ignore', 2, 2],
  });
  return join(prefix, 'bin/img');
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}
