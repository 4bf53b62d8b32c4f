// SPDX-License-Identifier: MIT
// Times the Dockerfile parser against dockerfile-ast on real files: tools/dev node --conditions=@img-build/source bench/parser/run.ts
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type CorpusFile, collectCorpus } from './corpus.ts';
import { findDifferences } from './differences.ts';
import { ours, type Reader, theirs } from './readers.ts';

const USAGE = `usage: tools/dev node --conditions=@img-build/source bench/parser/run.ts [OPTIONS]

  --cache DIR   where source packages are downloaded to and kept (default: img-bench-dockerfiles below the temporary folder)
  --rounds N    timed rounds over the corpus (default 30)
  --list        print every difference`;

/** Rounds before those that count. */
const WARM_UP = 20;

const { values } = parseArgs({
  options: {
    cache: { type: 'string', default: join(tmpdir(), 'img-bench-dockerfiles') },
    rounds: { type: 'string', default: '30' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(USAGE);
else main();

function main(): void {
  const files = collectCorpus(values.cache);
  const bytes = files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  const differences = findDifferences(files);
  const read = files.filter(
    ({ name }) => !differences.some(({ file, kind }) => file === name && kind === 'crash'),
  );
  console.log(`${files.length} files, ${bytes} bytes`);
  for (const action of ['parse', 'readAll'] as const) {
    const [left, right] = timeInTurn(read, action, Number(values.rounds));
    const label = action === 'parse' ? 'parse' : 'parse and read all arguments';
    for (const [reader, seconds] of [
      [ours, left],
      [theirs, right],
    ] as const)
      console.log(
        `${label}: ${reader.name} ${(bytes / 1e6 / seconds).toFixed(1)} MB/s, ${(files.length / seconds).toFixed(0)} files/s`,
      );
    console.log(`${label}: ${(right / left).toFixed(2)} times as fast`);
  }
  const kinds = Map.groupBy(differences, ({ kind }) => kind);
  const counts = [...kinds].map(([kind, found]) => `${kind} ${found.length}`).join(', ');
  console.log(`${differences.length} files are read differently${counts === '' ? '' : `: ${counts}`}`);
  if (values.list)
    for (const { file, kind, detail } of differences) console.log(`  ${kind}: ${file}: ${detail}`);
}

/** Median seconds for the whole corpus of both readers, which take turns so that load on the machine hits both. */
function timeInTurn(
  files: readonly CorpusFile[],
  action: 'parse' | 'readAll',
  rounds: number,
): [number, number] {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds + WARM_UP; round++) {
    for (const [index, reader] of [ours, theirs].entries()) {
      const seconds = timeOnce(files, reader, action);
      if (round >= WARM_UP) times[index]?.push(seconds);
    }
  }
  return [median(times[0]), median(times[1])];
}

function timeOnce(files: readonly CorpusFile[], reader: Reader, action: 'parse' | 'readAll'): number {
  const start = performance.now();
  for (const { text } of files) reader[action](text);
  return (performance.now() - start) / 1000;
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
