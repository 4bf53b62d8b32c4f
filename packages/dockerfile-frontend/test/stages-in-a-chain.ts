// SPDX-License-Identifier: MIT
// Run as a program: prints how much work stages are that named contexts link, at one and at two times the size.
import { Session } from 'node:inspector/promises';
import { lower } from './lower.ts';

/** What one row of the output says. */
export interface ChainWork {
  readonly what: string;
  /** Steps at size 200 and at size 400. */
  readonly steps: readonly [number, number];
}

const SIZE = 200;

/** Chains of stages, each of which needs the one behind it in the file by a named context. */
const CHAINS: Readonly<
  Record<string, (index: number) => { readonly text: string; readonly context: string }>
> = {
  'bases that are contexts': (index) => ({
    text: `FROM c${index} AS s${index}\nENV a=b\n`,
    context: `c${index}`,
  }),
  'copies from contexts': (index) => ({
    text: `FROM scratch AS s${index}\nCOPY --from=c${index} a /\n`,
    context: `c${index}`,
  }),
  'mounts of contexts': (index) => ({
    text: `FROM busybox AS s${index}\nRUN --mount=from=c${index},target=/m x\n`,
    context: `c${index}`,
  }),
  'stages that are replaced': (index) => ({
    text: `FROM missing AS s${index}\nRUN no\n`,
    context: `s${index}`,
  }),
};

async function lowerChain(chain: keyof typeof CHAINS, length: number): Promise<void> {
  const links = Array.from({ length }, (_, index) => CHAINS[chain]?.(index) ?? { text: '', context: '' });
  const contexts = Object.fromEntries(links.map(({ context }, index) => [context, `target:s${index + 1}`]));
  const text = `${links.map((link) => link.text).join('')}FROM busybox AS s${length}\nRUN last\n`;
  const { names } = await lower(text, { target: 's0', contexts });
  if (!names.some((name) => name.includes('RUN last'))) throw new Error(`${chain} end early`);
}

/** The counters of V8 are exact in its interpreter only: compilers must be off. */
async function countSteps(session: Session, work: () => Promise<void>): Promise<number> {
  await session.post('Profiler.takePreciseCoverage');
  await work();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  return result
    .filter(({ url }) => /\/dockerfile-(?:frontend|parser)\/src\//.test(url))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
    .reduce((sum, { count }) => sum + count, 0);
}

if (import.meta.main) {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const measured: ChainWork[] = [];
  for (const what of Object.keys(CHAINS)) {
    // What happens once in a process is not to count.
    await lowerChain(what, 2);
    const one = await countSteps(session, () => lowerChain(what, SIZE));
    const two = await countSteps(session, () => lowerChain(what, 2 * SIZE));
    measured.push({ what, steps: [one, two] });
  }
  console.log(JSON.stringify(measured));
  session.disconnect();
}
