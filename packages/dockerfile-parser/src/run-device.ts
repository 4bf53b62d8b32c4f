// SPDX-License-Identifier: MIT
import type { RunDevice, Word } from './ast.ts';
import { readCsvFields } from './csv-fields.ts';
import { parseBoolean } from './flag-values.ts';
import type { InstructionSource } from './instruction-source.ts';
import { suggest, withSuggestion } from './suggestion.ts';

/** Reads the value of `--device`: a name, alone or as `name=`, and `required`; `null` after it has reported an error. */
export function readDevice(source: InstructionSource, { value: text, range }: Word): RunDevice | null {
  const report = (message: string, suggestion: string | null = null): null => {
    source.report({
      code: 'DEVICE_INVALID',
      message: withSuggestion(message, suggestion),
      suggestion,
      range,
    });
    return null;
  };
  const csv = readCsvFields(text);
  if ('problem' in csv) return report(`failed to parse csv devices: ${csv.problem}`);
  let name = '';
  let required = false;
  for (const field of csv.fields) {
    const cut = field.indexOf('=');
    const key = (cut < 0 ? field : field.slice(0, cut)).toLowerCase();
    const value = cut < 0 ? 'true' : field.slice(cut + 1);
    if (key === 'required') {
      const parsed = parseBoolean(value);
      if (parsed === null) return report(`invalid value for ${key}: ${value}`);
      required = parsed;
    } else if (key === 'name' && cut >= 0) {
      if (name !== '') return report(`device name already set to ${name}`);
      name = value;
    } else if (name === '') name = field;
    else if (cut < 0) return report(`invalid field '${field}' must be a key=value pair`);
    else return report(`unexpected key '${key}' in '${field}'`, suggest(key, ['name', 'required']));
  }
  return { name, required, range };
}
