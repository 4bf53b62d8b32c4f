// SPDX-License-Identifier: MIT
/**
 * Computes the content digest of a tree as a build does, without and with a stat cache, each in a process of its own, and
 * runs what cannot be beaten beside it: tools/dev node --conditions=@img-build/source bench/hash.ts [FILES] [BYTES] [ROUNDS].
 * What a process read is what the kernel counts in /proc/self/io: bytes that any read call returned.
 */
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHostCalls } from '@img-build/host';
import { openMetadata } from '@img-build/metadata';
import { createContentHasher } from '@img-build/sources';
import { treeFile, writeTree } from './src/tree.ts';

interface Taken {
  /** Milliseconds. */
  readonly wall: number;
  readonly cpu: number;
  /** Bytes. */
  readonly read: number;
  readonly memory: number;
}

const PASSES = ['lstat', 'stamps', 'hash'] as const;
type Pass = (typeof PASSES)[number];

const [first = '20000', second = '50000', third = '3', folder = ''] = process.argv.slice(2);
const pass = PASSES.find((each) => each === first);
if (pass === undefined) compare({ files: Number(first), size: Number(second) }, Number(third));
else console.log(JSON.stringify(await measured(pass, second, folder)));

/** One pass in this process. @param state - file of the stat cache */
async function measured(what: Pass, tree: string, state: string): Promise<Taken> {
  const work = what === 'lstat' ? () => Promise.resolve(lstatAll(tree)) : await hashing(tree, state);
  const [before, cpu, start] = [readSoFar(), process.cpuUsage(), performance.now()];
  await work();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return {
    wall,
    cpu: (user + system) / 1000,
    read: readSoFar() - before,
    memory: process.resourceUsage().maxRSS * 1024,
  };
}

async function hashing(tree: string, state: string): Promise<() => Promise<void>> {
  const { statCache } = openMetadata({ path: state });
  const hasher = createContentHasher({ statCache, xattrs: createHostCalls() });
  const from = { path: tree, rootOwned: true };
  return async () => {
    await hasher.load(from);
    await hasher.checksum(from, [{ path: '/' }]);
  };
}

/** What Node.js needs at least to see every file: its names and their attributes. */
function lstatAll(path: string): void {
  for (const name of readdirSync(path)) {
    const child = `${path}/${name}`;
    if (lstatSync(child, { bigint: true }).isDirectory()) lstatAll(child);
  }
}

function readSoFar(): number {
  return Number(/^rchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? 0);
}

function compare(size: { readonly files: number; readonly size: number }, rounds: number): void {
  const work = mkdtempSync(join(tmpdir(), 'img-hash-'));
  const [tree, state] = [join(work, 'tree'), join(work, 'state.db')];
  try {
    mkdirSync(tree);
    writeTree(tree, size);
    // Files are taken for settled two seconds after they were made.
    execFileSync('sleep', ['2.5']);
    const rows = new Map<string, Taken[]>();
    const take = (row: string, taken: Taken): void => void rows.set(row, [...(rows.get(row) ?? []), taken]);
    const own = (what: Pass): Taken =>
      JSON.parse(
        execFileSync(process.execPath, [...process.execArgv, process.argv[1] ?? '', what, tree, '', state], {
          encoding: 'utf8',
        }),
      ) as Taken;
    for (let round = 0; round < rounds; round++) {
      take('find -printf', timed('find', [tree, '-printf', '%s %T@ %C@ %i %m %p\n']));
      take('lstat of all', own('lstat'));
      take(
        'sha256sum of all',
        timed('sh', ['-c', `find ${tree} -type f -print0 | xargs -0 sha256sum >/dev/null`]),
      );
      rmSync(state, { force: true });
      take('hash, no stat cache', own('hash'));
      take('hash, stat cache', own('stamps'));
      writeFileSync(treeFile(tree, round), `changed ${round}\n`);
      take('hash, one file changed', own('stamps'));
    }
    for (const [row, taken] of rows) console.log(rowOf(row, taken));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function timed(program: string, args: readonly string[]): Taken {
  const start = performance.now();
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  return { wall: performance.now() - start, cpu: 0, read: 0, memory: 0 };
}

function rowOf(row: string, taken: readonly Taken[]): string {
  const middle = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const [wall, cpu, read, memory] = (['wall', 'cpu', 'read', 'memory'] as const).map((key) =>
    middle(taken.map((one) => one[key])),
  ) as [number, number, number, number];
  const least = Math.min(...taken.map((one) => one.wall));
  const more =
    cpu === 0
      ? ''
      : `, cpu ${cpu.toFixed(0)} ms, read ${(read / 1e6).toFixed(1)} MB, peak ${(memory / 1e6).toFixed(0)} MB`;
  return `| ${row} | ${wall.toFixed(0)} ms (${least.toFixed(0)})${more} |`;
}
