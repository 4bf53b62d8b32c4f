// SPDX-License-Identifier: MIT
import { UsageError } from '../../usage-error.ts';

const MODES = ['auto', 'plain', 'tty', 'quiet', 'rawjson'] as const;

/** How progress is shown; `auto` is live on a terminal and line by line elsewhere. */
export type ProgressMode = (typeof MODES)[number];

/** What decides how progress is shown. */
export interface ProgressWishes {
  /** The value of `--progress`. */
  readonly flag: string | undefined;
  readonly quiet: boolean;
  /** `--no-console` */
  readonly noConsole: boolean;
  readonly env: NodeJS.ProcessEnv;
}

/** The flags, and where they leave it open `IMG_PROGRESS`, then `BUILDKIT_PROGRESS`. @throws UsageError */
export function progressMode({ flag, quiet, noConsole, env }: ProgressWishes): ProgressMode {
  const asked = modeOf(flag ?? 'auto', '--progress');
  if (quiet) {
    if (asked !== 'auto' && asked !== 'quiet')
      throw new UsageError(`progress=${asked} and quiet cannot be used together`);
    return 'quiet';
  }
  if (asked !== 'auto') return asked;
  if (noConsole) return 'plain';
  for (const name of ['IMG_PROGRESS', 'BUILDKIT_PROGRESS']) {
    const value = env[name] ?? '';
    if (value !== '' && value !== 'auto') return modeOf(value, name);
  }
  return 'auto';
}

function modeOf(text: string, from: string): ProgressMode {
  const mode = MODES.find((each) => each === text);
  if (mode !== undefined) return mode;
  throw new UsageError(
    `invalid progress mode ${JSON.stringify(text)} of ${from}`,
    `choose one of ${MODES.join(', ')}`,
  );
}
