// SPDX-License-Identifier: MIT
import type { ResolvedStage, ResolvedWord } from '../resolve/stage-graph.ts';

/** The value of FROM's `--platform`; `null` without the flag. */
export function platformWordOf({ from }: ResolvedStage): ResolvedWord | null {
  return from.words.length > 1 ? (from.words[0] ?? null) : null;
}
