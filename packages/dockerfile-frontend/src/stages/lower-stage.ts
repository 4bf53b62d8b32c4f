// SPDX-License-Identifier: MIT
import { splitVariable } from '../environment.ts';
import { DEFAULT_PATH, inheritImage, setVariable } from '../image.ts';
import { lowerInstruction } from '../instructions/lower-instruction.ts';
import type { Lowering } from '../lowering.ts';
import { absolutePath } from '../text/go-path.ts';
import { at } from './place.ts';
import type { Stage } from './stage.ts';

/** Lowers every instruction of a stage whose base and sources are done. */
export function lowerStage(stage: Stage, lowering: Lowering): void {
  if (stage.base !== undefined) inherit(stage, stage.base);
  stage.platform ??= lowering.targetPlatform;
  const { config } = stage.image;
  const env = config.Env ?? [];
  const hasPath = env.some((pair) => splitVariable(pair)[0] === 'PATH');
  if (!hasPath && stage.platform.os !== 'windows') setVariable(config, 'PATH', DEFAULT_PATH);
  for (const pair of config.Env ?? []) stage.environment.set(...splitVariable(pair));
  if (config.WorkingDir !== undefined && config.WorkingDir !== '')
    config.WorkingDir = absolutePath('/', config.WorkingDir);
  stage.user = config.User ?? '';
  for (const command of stage.commands) {
    at(command.range, () => lowerInstruction(command, stage, lowering));
  }
  stage.done = true;
}

function inherit(stage: Stage, base: Stage): void {
  stage.state = base.state;
  stage.paths = base.paths;
  stage.environment = base.environment.copy();
  stage.platform = base.platform;
  stage.image = inheritImage(base.image);
  stage.baseConfig = base.baseConfig;
  stage.args = [...base.args];
}
