// SPDX-License-Identifier: MIT
import { suggest } from '@img-build/dockerfile-parser';

/** The candidate a mistyped word most likely meant. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  return suggest(word, candidates) ?? undefined;
}
