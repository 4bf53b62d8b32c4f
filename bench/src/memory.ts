// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';

/** Watches the memory of a process and everything that descends from it. */
export interface MemorySampler {
  /** Highest sum seen, in bytes. */
  peak(): number;
  stop(): void;
}

const INTERVAL = 20;
const PAGE = 4096;

/**
 * Sums the proportional set sizes of the tree every 20 ms, so that pages which several processes share count once; for
 * a process that does not let itself be read so, the resident set. A process seen once stays a member when its parent ends.
 */
export function createMemorySampler(root: number): MemorySampler {
  const members = new Set([root]);
  let highest = 0;
  const timer = setInterval(() => {
    highest = Math.max(highest, sumOfTree(members));
  }, INTERVAL);
  return { peak: () => highest, stop: () => clearInterval(timer) };
}

function sumOfTree(members: Set<number>): number {
  const parents = readParents();
  for (const pid of members) if (!parents.has(pid)) members.delete(pid);
  let before: number;
  do {
    before = members.size;
    for (const [pid, parent] of parents) if (members.has(parent)) members.add(pid);
  } while (members.size > before);
  let sum = 0;
  for (const pid of members) sum += memoryOf(pid);
  return sum;
}

function readParents(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readOrEmpty(`/proc/${name}/stat`);
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    if (stat !== '') parents.set(Number(name), parent);
  }
  return parents;
}

function memoryOf(pid: number): number {
  const proportional = /^Pss:\s+(\d+) kB/m.exec(readOrEmpty(`/proc/${pid}/smaps_rollup`))?.[1];
  if (proportional !== undefined) return Number(proportional) * 1024;
  return Number(readOrEmpty(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * PAGE;
}

/** A process may end between being listed and being read. */
function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
