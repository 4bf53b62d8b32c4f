// SPDX-License-Identifier: MIT
import type { Flag, RunMount } from './ast.ts';
import { readCsvFields } from './csv-fields.ts';
import { wordOf } from './flag-reader.ts';
import type { FlagWord } from './instruction-head.ts';
import type { InstructionSource } from './instruction-source.ts';
import type { SourceRange } from './source-range.ts';

/** Cuts the value of the `--mount` at `index` of the flags into options; `null` after it has reported an error. */
export function readMount(source: InstructionSource, index: number): RunMount | null {
  const { value: text, range } = wordOf(source.base.flags[index] as Flag);
  const word = source.flags[index] as FlagWord;
  const valueStart = word.value.length - text.length;
  const csv = readCsvFields(text);
  if ('problem' in csv) {
    source.report({ code: 'MOUNT_INVALID', message: `failed to parse csv mounts: ${csv.problem}`, range });
    return null;
  }
  const options = csv.fields.map((field, nth) => {
    const cut = field.indexOf('=');
    const key = (cut < 0 ? field : field.slice(0, cut)).toLowerCase();
    const start = nth === 0 ? 0 : (csv.ends[nth - 1] as number) + 1;
    const end = csv.ends[nth] as number;
    const fieldRange = partOf(source, word, valueStart + start, valueStart + end);
    if (cut < 0) return { key, value: null, field, range: fieldRange, valueRange: null };
    // Quotation marks around the field are doubled inside it, which leaves no plain place for the value alone.
    const valueRange =
      end - start === field.length
        ? partOf(source, word, valueStart + start + cut + 1, valueStart + end)
        : fieldRange;
    return { key, value: field.slice(cut + 1), field, range: fieldRange, valueRange };
  });
  if (options.some(({ key, value }) => key === 'from' && value !== null && /\$./.test(value))) {
    source.report({
      code: 'MOUNT_INVALID',
      message: "'from' doesn't support variable expansion, define alias stage instead",
      range,
    });
    return null;
  }
  return { text, options, range };
}

function partOf(source: InstructionSource, word: FlagWord, start: number, end: number): SourceRange {
  const { positions } = word;
  if (positions === null) return source.rangeAt(word.start + start, word.start + end);
  const from = positions[start] ?? word.end;
  return source.rangeAt(from, end > start ? (positions[end - 1] as number) + 1 : from);
}
