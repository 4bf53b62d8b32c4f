// SPDX-License-Identifier: MIT

/** Name in an op's description under which its {@link StepOrigin} stands. Descriptions are no part of any digest. */
const STEP_ORIGIN = 'img.origin';

/** What an op comes from, for explanations of what has changed. */
export interface StepOrigin {
  /** The instruction as written. */
  readonly instruction: string;
  /** Build arguments by name: a command sees all that are in effect, any other step those that it names. */
  readonly args: Readonly<Record<string, string>>;
  /** Variables of the image that a step other than a command names. */
  readonly env: Readonly<Record<string, string>>;
}

/** An origin as part of an op's description. */
export function describeOrigin(origin: StepOrigin): Readonly<Record<string, string>> {
  return { [STEP_ORIGIN]: JSON.stringify(origin) };
}

/** The origin in a description; `undefined` when there is none, as in graphs that others made. */
export function originOf(description: Readonly<Record<string, string>> | undefined): StepOrigin | undefined {
  const text = description?.[STEP_ORIGIN];
  if (text === undefined) return undefined;
  try {
    const { instruction, args, env } = JSON.parse(text) as Partial<StepOrigin>;
    return { instruction: String(instruction), args: textsOf(args), env: textsOf(env) };
  } catch {
    return undefined;
  }
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
}
