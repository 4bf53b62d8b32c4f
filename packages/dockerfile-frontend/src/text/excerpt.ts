// SPDX-License-Identifier: MIT
import { formatExcerpt as formatRanges } from '@img-build/dockerfile-parser';
import type { SourceRange } from '@img-build/interfaces';
import { textRange } from '../stages/source-lines.ts';

/**
 * The parser's `formatExcerpt` for the lines that an error or a warning of the frontend names.
 *
 * @returns an empty text when the lines lie outside of `source`.
 */
export function formatExcerpt(file: string, source: string, range: SourceRange): string {
  return formatRanges(file, source, [textRange(source, range)]);
}
