// SPDX-License-Identifier: MIT
import { setTimeout } from 'node:timers/promises';
import { goneProcesses } from '../../support/traces.ts';
import type { Workspace } from '../../support/workspace.ts';
import { type Random, seeded } from './random.ts';
import { createVictims, type Victim, type Victims } from './victims.ts';

/** What to torture, and for how long. */
export interface TortureOptions {
  readonly work: Workspace;
  /** In a registry: a base with a shell, and one of several layers, see {@link layeredDockerfile}. */
  readonly images: { readonly base: string; readonly layered: string };
  readonly rounds: number;
  readonly seed: number;
  readonly onRound?: ((line: string) => void) | undefined;
}

/** How often a kind of command was killed, and when. */
export interface Toll {
  killed: number;
  /** Ended by themselves before their time came. */
  survived: number;
}

/** What became of it. */
export interface TortureResult {
  readonly toll: Readonly<Record<Victim['kind'], Toll>>;
  /** Sentences, each with its round; empty when nothing went wrong. */
  readonly faults: readonly string[];
  /** How often each kind of leftover was there right after the kill. */
  readonly leftovers: ReadonlyMap<string, number>;
}

interface Problem {
  readonly severity: string;
  readonly kind: string;
  readonly subject: string;
  readonly message: string;
}

/** What may still be there after the next build: kept on purpose. */
const KEPT = ['download-interrupted'];
/** Commands are killed within this many times what they take, so that some instants are after their end. */
const STRETCH = 1.1;
/** Share of the newest command's time in what commands of its kind are believed to take. */
const NEWEST = 0.3;

/** A Dockerfile of an image that is worth pulling. */
export function layeredDockerfile(base: string): string {
  return `FROM ${base}\n${[1, 2, 3, 4].map((layer) => `RUN seq 1 20000 >/layer-${layer} && head -c 300000 /dev/urandom >/data-${layer}\n`).join('')}`;
}

/**
 * Kills commands at random instants. After each round the store must be free of corruption, and the next build must succeed
 * and leave nothing of those who died. One seed gives one sequence of commands and instants.
 */
export async function torture(options: TortureOptions): Promise<TortureResult> {
  const { work, images, rounds, seed, onRound } = options;
  const random = seeded(seed);
  const victims = createVictims(work, images, 'victim');
  const toll = {
    build: { killed: 0, survived: 0 },
    prune: { killed: 0, survived: 0 },
    pull: { killed: 0, survived: 0 },
  };
  const durations = { build: 1500, prune: 500, pull: 500 };
  const faults: string[] = [];
  const leftovers = new Map<string, number>();
  for (let round = 1; round <= rounds; round++) {
    const began = performance.now();
    const note = (fault: string): void => void faults.push(`round ${round} of seed ${seed}: ${fault}`);
    const before = faults.length;
    const story = await killSome(work, victims, random, { toll, durations, note });
    for (const { severity, kind, subject, message } of await problemsOf(work, note)) {
      if (severity === 'corruption') note(`after the kill, ${subject}: ${message}`);
      else leftovers.set(kind, (leftovers.get(kind) ?? 0) + 1);
    }
    await recover(work, victims, random, note);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    onRound?.(
      `${round}/${rounds} ${seconds}s ${story}${faults
        .slice(before)
        .map((fault) => `\n  FAULT ${fault}`)
        .join('')}`,
    );
  }
  return { toll, faults, leftovers };
}

interface Book {
  readonly toll: Record<Victim['kind'], Toll>;
  /** Milliseconds that commands take. */
  readonly durations: Record<Victim['kind'], number>;
  readonly note: (fault: string) => void;
}

/** Kills one to three commands that run at once; sometimes beside a build that is spared and must succeed. */
async function killSome(work: Workspace, victims: Victims, random: Random, book: Book): Promise<string> {
  const { note } = book;
  const chosen = Array.from({ length: 1 + random.below(3) }, () => ({
    victim: victims.any(random),
    moment: random.next() * STRETCH,
  }));
  const spared = random.below(3) === 0 ? victims.build(random) : undefined;
  const bystander = spared === undefined ? undefined : work.start(spared.args);
  const ends = await Promise.all(chosen.map(({ victim, moment }) => killOne(work, victim, moment, book)));
  if (bystander !== undefined) {
    const { code, stderr } = await bystander.result;
    if (code !== 0) note(`a build beside the killed ones failed: ${stderr.slice(-3000)}`);
    ends.push('build spared');
  }
  return ends.join(', ');
}

/** @param moment - share of the time that such commands take. */
async function killOne(
  work: Workspace,
  { kind, args }: Victim,
  moment: number,
  { toll, durations, note }: Book,
): Promise<string> {
  const began = performance.now();
  const instant = moment * durations[kind];
  const { child, result } = work.start(args);
  await Promise.race([setTimeout(instant), result]);
  child.kill('SIGKILL');
  const { signal, code, stderr } = await result;
  const name = args.slice(0, 2).join(' ');
  if (signal === 'SIGKILL') {
    toll[kind].killed++;
    return `${name} killed after ${instant.toFixed(0)} ms`;
  }
  if (code !== 0) note(`${args.join(' ')} failed before it was killed: ${stderr.slice(-3000)}`);
  toll[kind].survived++;
  durations[kind] += NEWEST * (performance.now() - began - durations[kind]);
  return `${name} ended`;
}

/** The next build succeeds at once; when nobody is left of those who were killed, one more build takes away what they left. */
async function recover(
  work: Workspace,
  victims: Victims,
  random: Random,
  note: (fault: string) => void,
): Promise<void> {
  await mustBuild(work, victims.build(random), note);
  await goneProcesses(work.state);
  let problems = await problemsOf(work, note);
  if (problems.some(isUnwanted)) {
    await mustBuild(work, victims.build(random), note);
    problems = await problemsOf(work, note);
  }
  for (const problem of problems.filter(isUnwanted))
    note(`after the next build, ${problem.severity} ${problem.kind} ${problem.subject}: ${problem.message}`);
}

function isUnwanted({ severity, kind }: Problem): boolean {
  return severity === 'corruption' || !KEPT.includes(kind);
}

async function mustBuild(work: Workspace, { args }: Victim, note: (fault: string) => void): Promise<void> {
  const { code, stderr } = await work.img(args);
  if (code !== 0) note(`the next build, ${args.join(' ')}, failed: ${stderr.slice(-3000)}`);
}

async function problemsOf(work: Workspace, note: (fault: string) => void): Promise<readonly Problem[]> {
  const { code, stdout, stderr } = await work.img(['doctor', '--store', '--format', 'json']);
  try {
    return (JSON.parse(stdout) as { readonly problems: readonly Problem[] }).problems;
  } catch {
    note(`doctor ended with ${code}: ${stderr}`);
    return [];
  }
}
