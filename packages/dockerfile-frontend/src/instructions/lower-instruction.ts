// SPDX-License-Identifier: MIT
import type { Lowering } from '../lowering.ts';
import type { Command, Stage } from '../stages/stage.ts';
import { lowerAdd } from './add.ts';
import { lowerArg } from './arg.ts';
import { lowerCmd } from './cmd.ts';
import { lowerCopy } from './copy.ts';
import { lowerEntrypoint } from './entrypoint.ts';
import { lowerEnv } from './env.ts';
import { lowerExpose } from './expose.ts';
import { lowerHealthcheck } from './healthcheck.ts';
import { lowerLabel } from './label.ts';
import { lowerMaintainer } from './maintainer.ts';
import { lowerOnbuild } from './onbuild.ts';
import { lowerRun } from './run.ts';
import { lowerShell } from './shell.ts';
import { lowerStopsignal } from './stopsignal.ts';
import { lowerUser } from './user.ts';
import { lowerVolume } from './volume.ts';
import { lowerWorkdir } from './workdir.ts';

/** Applies one instruction to its stage. */
export function lowerInstruction(command: Command, stage: Stage, lowering: Lowering): void {
  const { instruction } = command;
  const context = { command, stage, lowering };
  switch (instruction.kind) {
    case 'add':
      return lowerAdd(instruction, context);
    case 'arg':
      return lowerArg(instruction, context);
    case 'cmd':
      return lowerCmd(instruction, context);
    case 'copy':
      return lowerCopy(instruction, context);
    case 'entrypoint':
      return lowerEntrypoint(instruction, context);
    case 'env':
      return lowerEnv(instruction, context);
    case 'expose':
      return lowerExpose(instruction, context);
    case 'healthcheck':
      return lowerHealthcheck(instruction, context);
    case 'label':
      return lowerLabel(instruction, context);
    case 'maintainer':
      return lowerMaintainer(instruction, context);
    case 'onbuild':
      return lowerOnbuild(instruction, context);
    case 'run':
      return lowerRun(instruction, context);
    case 'shell':
      return lowerShell(instruction, context);
    case 'stopsignal':
      return lowerStopsignal(instruction, context);
    case 'user':
      return lowerUser(instruction, context);
    case 'volume':
      return lowerVolume(instruction, context);
    case 'workdir':
      return lowerWorkdir(instruction, context);
    case 'from':
    case 'invalid':
    case 'unknown':
      throw new TypeError(`${instruction.kind} cannot stand inside a stage`);
  }
}
