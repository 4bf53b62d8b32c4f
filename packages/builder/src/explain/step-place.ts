// SPDX-License-Identifier: MIT

/** Where a step stands, from the name that progress shows: `[linux/arm64 build 2/5] RUN make`. */
export interface StepPlace {
  /** Platform, when there are several, and stage, when there are several. */
  readonly stage: string;
  /** Stage and number in it: the same for a step of the same place in another version of the Dockerfile. */
  readonly place: string;
}

/** The place of a step; `undefined` for what is no step of a Dockerfile. */
export function placeOf(name: string): StepPlace | undefined {
  const match = /^\[(?:(.*) )?\s*(\d+)\/\d+\] (LINK )?/.exec(name);
  if (match === null) return undefined;
  const [, stage = '', number = '', link = ''] = match;
  return { stage: stage.trim(), place: `${stage.trim()} ${number} ${link}`.trim() };
}
