// SPDX-License-Identifier: MIT
import type { CommandForm } from '@img-build/dockerfile-parser';
import { shellOf, type WorkingImage } from '../image.ts';

/** The words of a command; a shell form becomes one word for the shell. */
export function commandWords(command: CommandForm, image: WorkingImage): readonly string[] {
  return command.form === 'exec' ? command.args.map((word) => word.value) : [...shellOf(image), command.text];
}
