// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createAccount } from './src/account.ts';
import { createCommandRunner } from './src/command.ts';
import { FigureTable, median } from './src/figures.ts';
import { readMachineFacts } from './src/machine.ts';
import { makeTransferImage, type TransferImage } from './src/registry-image.ts';
import { startRegistry } from './src/registry-server.ts';
import { imgTool, skopeoTool, type TransferTool } from './src/registry-tools.ts';

const USAGE = `usage: tools/dev node bench/registry.ts [--runs N] [--img PROGRAM] [--prepare FOLDER | --work FOLDER]

Pushes and pulls one large and many small layers with img and skopeo in turn, to and from docker-registry on loopback.

  --runs N           rounds; 3 by default
  --img PROGRAM      an installed img, as bin/img of tools/install --prefix
  --prepare FOLDER   only makes the images, so that --work FOLDER times nothing else
  --work FOLDER      uses images that --prepare made`;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    img: { type: 'string' },
    prepare: { type: 'string' },
    work: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const cancel = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => cancel.abort(new Error('interrupted')));

if (values.help) console.log(USAGE);
else if (values.prepare !== undefined) prepare(resolve(values.prepare));
else await measure();

function prepare(work: string): readonly TransferImage[] {
  mkdirSync(work, { recursive: true });
  return [makeTransferImage(work, 1, 500), makeTransferImage(work, 500, 1)];
}

async function measure(): Promise<void> {
  const work = values.work === undefined ? mkdtempSync(join(tmpdir(), 'img-bench-')) : resolve(values.work);
  const images =
    values.work === undefined
      ? prepare(work)
      : ['1x500MB', '500x1MB'].map((name) => ({ name, folder: join(work, name) }));
  const account = createAccount(work, true);
  const registry = await startRegistry(join(work, 'registry'));
  const figures = new FigureTable();
  const tools = [imgTool(values.img ?? installed(work), work), skopeoTool()];
  try {
    const runner = createCommandRunner(account, join(work, 'output.log'), cancel.signal);
    for (let round = 0; round < Number(values.runs); round++) {
      for (const image of images) {
        for (const tool of tools) {
          registry.clear();
          await timed(tool, image, round);
        }
      }
    }

    async function timed(tool: TransferTool, image: TransferImage, round: number): Promise<void> {
      const reference = `${registry.host}/bench/${tool.name}:${round}`;
      const target = join(work, 'pulled');
      for (const [row, command] of [
        [`push ${image.name}`, tool.push(image.folder, reference)],
        [`pull ${image.name}`, tool.pull(reference, target)],
      ] as const) {
        // Otherwise one command pays for writing back what the one before it left dirty.
        execFileSync('sync');
        const taken = await runner.run(command);
        figures.of(row, tool.name).runs.push(taken);
        console.error(`${row} ${tool.name}: ${taken.wall} s, cpu ${taken.cpu.toFixed(2)} s`);
      }
      rmSync(target, { recursive: true, force: true });
    }
  } finally {
    await registry.stop();
    console.log(
      Object.entries(readMachineFacts(work, account.uid))
        .map(([fact, value]) => `- ${fact}: ${value}`)
        .join('\n'),
    );
    printTable(figures, images, tools);
    account.remove();
    if (values.work === undefined) rmSync(work, { recursive: true, force: true });
    else rmSync(join(work, 'registry'), { recursive: true, force: true });
  }
}

function printTable(
  figures: FigureTable,
  images: readonly TransferImage[],
  tools: readonly TransferTool[],
): void {
  console.log(`\n| row | ${tools.map(({ name }) => name).join(' | ')} |\n| --- | --- | --- |`);
  for (const row of images.flatMap(({ name }) => [`push ${name}`, `pull ${name}`])) {
    const cells = tools.map(({ name }) => {
      const runs = figures.find(row, name)?.runs ?? [];
      const walls = runs.map(({ wall }) => wall);
      return `${median(walls).toFixed(2)} s (${Math.min(...walls).toFixed(2)}), cpu ${median(runs.map(({ cpu }) => cpu)).toFixed(2)} s`;
    });
    console.log(`| \`${row}\` | ${cells.join(' | ')} |`);
  }
}

/** The bundle is what users run; the sources start more slowly. */
function installed(work: string): string {
  const prefix = join(work, 'install');
  execFileSync(join(import.meta.dirname, '../tools/install'), ['--prefix', prefix], {
    stdio: ['ignore', 2, 2],
  });
  return join(prefix, 'bin/img');
}
