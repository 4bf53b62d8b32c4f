// SPDX-License-Identifier: MIT
// Run as a program: prints how much work everything in growing-texts.ts is at one and at two times the size.
import { Session } from 'node:inspector/promises';
import { createEditor, DockerfileError, expandWord, format, listImages, parse } from '../src/index.ts';
import { FILES, type GrowingText, WORDS } from './growing-texts.ts';

/** What one row of the output says. */
export interface Measurement {
  readonly what: string;
  /** Steps at size 400 and at size 800. */
  readonly steps: readonly [number, number];
}

const SIZE = 400;

const ON_FILES: Readonly<Record<string, (text: string) => void>> = {
  parsing: (text) => void parse(text),
  formatting: (text) => void format(parse(text)),
  'listing images': (text) => void listImages(parse(text)),
  editing: (text) => void createEditor(parse(text)).setDirective('check', 'skip=all').apply(),
};

const ON_WORDS: Readonly<Record<string, (text: string) => void>> = {
  expansion: (text) => expand(text, false),
  'expansion that keeps what is unset': (text) => expand(text, true),
};

function expand(text: string, keepUnset: boolean): void {
  try {
    expandWord(text, { v: 'xaxxbaab' }, { keepUnset });
  } catch (error) {
    if (!(error instanceof DockerfileError)) throw error;
  }
}

/**
 * How often the blocks of the package's sources run while `work` does. The
 * counters of V8 are exact in its interpreter only: compilers must be off.
 */
async function countSteps(session: Session, work: () => void): Promise<number> {
  await session.post('Profiler.takePreciseCoverage');
  work();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  return result
    .filter(({ url }) => url.includes('/dockerfile-parser/src/'))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
    .reduce((sum, { count }) => sum + count, 0);
}

async function measure(
  session: Session,
  texts: Readonly<Record<string, GrowingText>>,
  works: Readonly<Record<string, (text: string) => void>>,
): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = [];
  for (const [name, textOf] of Object.entries(texts)) {
    for (const [action, work] of Object.entries(works)) {
      // What happens once in a process is not to count.
      work(textOf(2));
      const one = await countSteps(session, () => work(textOf(SIZE)));
      const two = await countSteps(session, () => work(textOf(2 * SIZE)));
      measurements.push({ what: `${action} of ${name}`, steps: [one, two] });
    }
  }
  return measurements;
}

if (import.meta.main) {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const measurements = [await measure(session, FILES, ON_FILES), await measure(session, WORDS, ON_WORDS)];
  console.log(JSON.stringify(measurements.flat()));
  session.disconnect();
}
