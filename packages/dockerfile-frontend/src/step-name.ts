// SPDX-License-Identifier: MIT
import { formatPlatform, type Platform } from '@img-build/oci';
import { Environment } from './environment.ts';
import { expand } from './expansion.ts';
import type { Lowering } from './lowering.ts';
import { crossTarget } from './platforms.ts';
import type { Stage } from './stages/stage.ts';

/** What a step's name may depend on. */
export interface StepNameOptions {
  readonly platform?: Platform | undefined;
  readonly environment?: Environment | undefined;
  readonly onbuild?: boolean | undefined;
}

/** Counts a step of a stage and gives its name: `[linux/arm64 build 2/5] RUN make`. */
export function stepName(
  stage: Stage,
  text: string,
  lowering: Lowering,
  options: StepNameOptions = {},
): string {
  const prefix = stepPrefix(stage, lowering, options);
  return `${prefix}${text}`;
}

/** Counts a step of a stage and gives what stands in front of its name; empty for an image that is only copied from. */
export function stepPrefix(
  stage: Stage,
  lowering: Lowering,
  { platform, environment, onbuild }: StepNameOptions,
): string {
  if (stage.stepTotal === 0) return '';
  stage.stepIndex++;
  const words: string[] = [];
  if (lowering.multiPlatform && platform !== undefined)
    words.push(formatPlatform(platform) + crossTarget(platform, environment ?? new Environment()));
  if (stage.displayName !== '') words.push(stage.displayName);
  const total = String(stage.stepTotal);
  words.push(`${String(stage.stepIndex).padStart(total.length)}/${total}`);
  return `[${words.join(' ')}] ${onbuild === true ? 'ONBUILD ' : ''}`;
}

/** An instruction as progress shows it: upper-case word, variables that have a value expanded. */
export function describeInstruction(original: string, environment: Environment, lowering: Lowering): string {
  const space = original.indexOf(' ');
  const word = space < 0 ? original : original.slice(0, space);
  const rest = space < 0 ? '' : original.slice(space);
  return word.toUpperCase() + expandKnown(rest, environment, lowering);
}

function expandKnown(text: string, environment: Environment, lowering: Lowering): string {
  try {
    return expand(text, environment, lowering.escape, {
      keepUnset: true,
      keepQuotes: true,
      keepEscapes: true,
    });
  } catch {
    // A command may hold what only its shell understands.
    return text;
  }
}
