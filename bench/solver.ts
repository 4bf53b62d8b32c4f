// SPDX-License-Identifier: MIT
/**
 * Times the solver alone, with the real database, on graphs of which every step is cached:
 * tools/dev node --conditions=@img-build/source bench/solver.ts [ROUNDS].
 * A graph is rows of eight steps; each step uses the one before it in its row and one of the next row. The first row stands
 * on sources. Each solve has a connection of its own, as each build has.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Edge, Op, OpResolver, Result, Vertex } from '@img-build/interfaces';
import { openMetadata } from '@img-build/metadata';
import type { Digest } from '@img-build/oci';
import { createSolver } from '@img-build/solver';

const WIDTH = 8;
const SIZES = [200, 2000, 20_000];
const [rounds = '5'] = process.argv.slice(2);

const digestOf = (text: string): Digest => `sha256:${createHash('sha256').update(text).digest('hex')}`;

function graphOf(size: number): Edge {
  let row: readonly Vertex[] = [];
  for (let made = 0; made < size; made += WIDTH) {
    const below = row;
    row = Array.from({ length: WIDTH }, (_, at): Vertex => {
      const from = below.length === 0 ? [] : [below[at], below[(at + 1) % WIDTH]];
      const inputs = from.flatMap((vertex) => (vertex === undefined ? [] : [{ vertex, index: 0 }]));
      const digest = digestOf(`vertex ${made + at}`);
      return { digest, name: `step ${made + at}`, inputs, payload: undefined };
    });
  }
  const digest = digestOf('result');
  const inputs = row.map((vertex) => ({ vertex, index: 0 }));
  return { vertex: { digest, name: 'result', inputs, payload: undefined }, index: 0 };
}

async function solve(
  path: string,
  edge: Edge,
): Promise<{ readonly wall: number; readonly executed: number }> {
  let executed = 0;
  const resolveOp: OpResolver = ({ digest, inputs }): Op => ({
    cacheMap: async () => ({ digest, dependencies: inputs.map(() => ({})), done: true }),
    execute: async () => {
      executed++;
      return [{ id: digest }];
    },
  });
  const began = performance.now();
  const metadata = openMetadata({ path });
  const solver = createSolver({
    resolveOp,
    keys: metadata.cacheKeys,
    results: { load: async (id): Promise<Result> => ({ id }), save: async ({ id }) => id },
  });
  await solver.solve([edge]);
  await metadata.close();
  return { wall: performance.now() - began, executed };
}

const folder = mkdtempSync(join(tmpdir(), 'img-bench-solver-'));
try {
  console.log(
    '| steps | all executed | all cached (median, least) | per cached step |\n| --- | --- | --- | --- |',
  );
  for (const size of SIZES) {
    const path = join(folder, `${size}.db`);
    const edge = graphOf(size);
    const first = await solve(path, edge);
    const times: number[] = [];
    for (let round = 0; round < Number(rounds); round++) {
      const { wall, executed } = await solve(path, edge);
      if (executed > 0) throw new Error(`${executed} steps were not cached`);
      times.push(wall);
    }
    times.sort((a, b) => a - b);
    const median = times[times.length >> 1] ?? 0;
    const cells = [
      first.wall.toFixed(0),
      `${median.toFixed(0)} (${times[0]?.toFixed(0)}) ms`,
      `${((1000 * median) / size).toFixed(0)} µs`,
    ];
    console.log(`| ${size} | ${cells[0]} ms | ${cells[1]} | ${cells[2]} |`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
