// SPDX-License-Identifier: MIT
import type { WorkdirInstruction } from '@img-build/dockerfile-parser';
import { addHistory } from '../image.ts';
import { absolutePath } from '../text/go-path.ts';
import {
  countStep,
  expandHere,
  type InstructionContext,
  nameOf,
  opOptions,
  workingDirectory,
} from './instruction-context.ts';

/** Changes the folder of the steps that follow, and makes it as a layer of its own. */
export function lowerWorkdir(instruction: WorkdirInstruction, context: InstructionContext): void {
  const { stage, lowering } = context;
  const path = absolutePath(workingDirectory(context), expandHere(context, instruction.path.value));
  stage.image.config.WorkingDir = path;
  stage.workingDirectorySet = true;
  if (path !== '/') {
    const { location, description } = opOptions(context);
    stage.state = stage.state.file(
      [
        {
          type: 'mkdir',
          path,
          mode: 0o755,
          parents: true,
          owner: stage.image.config.User || undefined,
          timestamp: lowering.timestamp,
        },
      ],
      { location, description, name: countStep(context) + nameOf(context) },
    );
  }
  addHistory(stage.image, `WORKDIR ${path}`, { layer: path !== '/' });
}
