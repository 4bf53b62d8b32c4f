// SPDX-License-Identifier: MIT
import { suggest } from '../suggestion.ts';

/** Names compared for one file: plenty for any real one, and an end for one that wants to waste time. */
const MAX_COMPARISONS = 1_000_000;

/** {@link suggest} for many questions about one file; answers `null` once they have become too many. */
export function createNameSuggester(): (written: string, names: ReadonlySet<string>) => string | null {
  let left = MAX_COMPARISONS;
  return (written, names) => {
    left -= names.size;
    return left < 0 ? null : suggest(written, names);
  };
}
