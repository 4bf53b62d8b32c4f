// SPDX-License-Identifier: MIT

import { readWordList } from '../argument-splitter.ts';
import { trimSpace } from '../characters.ts';
import { readFlags } from '../flag-reader.ts';
import type { VolumeInstruction } from '../instruction.ts';
import { type InstructionSource, reportArgumentCount } from '../instruction-source.ts';

/** `VOLUME path …` or `VOLUME ["path", …]`. */
export function parseVolume(source: InstructionSource): VolumeInstruction | null {
  const words = readWordList(source);
  if (words === null) return null;
  if (words.length === 0) return reportArgumentCount(source, 'requires at least one argument');
  if (readFlags(source, {}) === null) return null;
  const paths = words.map(({ value, range }) => ({ value: trimSpace(value), range }));
  const empty = paths.find(({ value }) => value === '');
  if (empty === undefined) return { ...source.base, kind: 'volume', paths };
  source.report({
    code: 'VOLUME_EMPTY',
    message: 'VOLUME specified can not be an empty string',
    range: empty.range,
  });
  return null;
}
