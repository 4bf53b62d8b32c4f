// SPDX-License-Identifier: MIT
import type { VolumeInstruction } from '@img-build/dockerfile-parser';
import { addHistory, setOwn } from '../image.ts';
import { goList } from '../text/go-format.ts';
import { expandHere, type InstructionContext, invalid } from './instruction-context.ts';

/** Marks folders as volumes of the image; nothing changes for the build itself. */
export function lowerVolume(instruction: VolumeInstruction, context: InstructionContext): void {
  const { image } = context.stage;
  const paths = instruction.paths.map((path) => expandHere(context, path.value));
  if (paths.includes('')) throw invalid('VOLUME specified can not be an empty string');
  image.config.Volumes ??= {};
  for (const path of paths) setOwn(image.config.Volumes, path, {});
  addHistory(image, `VOLUME ${goList(paths)}`, { layer: false });
}
