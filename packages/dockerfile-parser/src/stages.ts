// SPDX-License-Identifier: MIT
import type { Dockerfile } from './dockerfile.ts';
import type { ArgInstruction, FromInstruction, Instruction } from './instruction.ts';

/** One FROM with what follows it. */
export interface Stage {
  readonly from: FromInstruction;
  /** Instructions up to the next FROM. */
  readonly instructions: readonly Instruction[];
}

/** A file cut into stages. */
export interface StageList {
  /** ARG instructions above the first FROM. */
  readonly globalArgs: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
}

/** Cuts a file at its FROM instructions. Anything but ARG above the first one is left out; a diagnostic reports it. */
export function listStages(dockerfile: Pick<Dockerfile, 'instructions'>): StageList {
  const globalArgs: ArgInstruction[] = [];
  const stages: { from: FromInstruction; instructions: Instruction[] }[] = [];
  for (const instruction of dockerfile.instructions) {
    if (instruction.kind === 'from') stages.push({ from: instruction, instructions: [] });
    else if (stages.length > 0) stages.at(-1)?.instructions.push(instruction);
    else if (instruction.kind === 'arg') globalArgs.push(instruction);
  }
  return { globalArgs, stages };
}
