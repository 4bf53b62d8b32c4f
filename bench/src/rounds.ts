// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BaseImages } from './base-images.ts';
import type { Builder } from './builder.ts';
import type { CommandRunner } from './command.ts';
import type { FigureTable } from './figures.ts';
import type { RegistryServer } from './registry-server.ts';
import { asMappedRoot, type UsedFolders } from './used-folders.ts';
import type { Workload } from './workloads.ts';

/** What every round uses. */
export interface Rounds {
  readonly work: string;
  readonly images: BaseImages;
  readonly runner: CommandRunner;
  readonly pushTarget: RegistryServer;
  readonly used: UsedFolders;
  readonly figures: FigureTable;
  readonly signal: AbortSignal;
  readonly runs: number;
  readonly withMemory: boolean;
  onProgress(line: string): void;
}

/** Runs a workload with all builders in turn, `runs` times and once more for memory. Failures become figures. */
export async function runRounds(
  workload: Workload,
  builders: readonly Builder[],
  rounds: Rounds,
): Promise<void> {
  const folder = join(rounds.work, 'contexts', workload.name);
  mkdirSync(folder, { recursive: true });
  workload.prepare?.(folder, rounds.images);
  const total = rounds.runs + (rounds.withMemory ? 1 : 0);
  for (let turn = 0; turn < total; turn++) {
    for (const [index, builder] of builders.entries()) {
      const round = turn * builders.length + index;
      await runOnce(workload, builder, { ...rounds, folder, round, sampleMemory: turn >= rounds.runs });
    }
    if (workload.name === 'pull' && turn < rounds.runs) await runTar(rounds);
  }
}

type Turn = Rounds & { readonly folder: string; readonly round: number; readonly sampleMemory: boolean };

async function runOnce(workload: Workload, builder: Builder, turn: Turn): Promise<void> {
  const { runner, figures, sampleMemory } = turn;
  let current = Object.keys(workload.rows)[0] ?? workload.name;
  turn.pushTarget.clear();
  try {
    await workload.run({
      builder,
      images: turn.images,
      folder: turn.folder,
      round: turn.round,
      emptyRegistry: turn.pushTarget.host,
      async fresh() {
        const reset = builder.reset();
        if (reset !== undefined) await runner.run(reset);
      },
      async prepare(command) {
        await runner.run(command);
      },
      async measure(row, command) {
        current = row;
        // Otherwise one command pays for writing back what the one before it left dirty.
        execFileSync('sync');
        const taken = await runner.run(command, { sampleMemory });
        const all = figures.of(row, builder.name);
        if (taken.memory !== undefined) all.memory = taken.memory;
        else all.runs.push(taken);
        const memory = taken.memory === undefined ? '' : `, peak ${Math.round(taken.memory / 1e6)} MB`;
        turn.onProgress(`${row} ${builder.name}: ${taken.wall} s, cpu ${taken.cpu.toFixed(2)} s${memory}`);
      },
    });
  } catch (error) {
    turn.signal.throwIfAborted();
    const message = error instanceof Error ? error.message : String(error);
    figures.of(current, builder.name).failure = message;
    turn.onProgress(`${current} ${builder.name} failed: ${message}`);
  }
}

/** GNU tar on the same layer; without device nodes, which only real root may make. */
async function runTar({ work, images, runner, used, figures, onProgress }: Rounds): Promise<void> {
  const target = join(work, 'home', 'tar');
  await runner.run({ argv: ['mkdir', target] });
  execFileSync('sync');
  const taken = await runner.run(
    asMappedRoot('tar', '-xpzf', images.debianLayer, '--numeric-owner', '--exclude=./dev/*', '-C', target),
  );
  figures.of('unpack', 'tar').runs.push(taken);
  onProgress(`unpack tar: ${taken.wall} s, cpu ${taken.cpu.toFixed(2)} s`);
  await runner.run(used.setAside(target));
}
