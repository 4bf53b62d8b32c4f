// SPDX-License-Identifier: MIT
import type { RunMount, Word } from './ast.ts';
import { readCsvFields } from './csv-fields.ts';
import type { InstructionSource } from './instruction-source.ts';

/** Cuts the value of `--mount` into options; `null` after it has reported an error. */
export function readMount(source: InstructionSource, { value: text, range }: Word): RunMount | null {
  const csv = readCsvFields(text);
  if ('problem' in csv) {
    source.report({ code: 'MOUNT_INVALID', message: `failed to parse csv mounts: ${csv.problem}`, range });
    return null;
  }
  const options = csv.fields.map((field) => {
    const cut = field.indexOf('=');
    const key = (cut < 0 ? field : field.slice(0, cut)).toLowerCase();
    return { key, value: cut < 0 ? null : field.slice(cut + 1), field };
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
