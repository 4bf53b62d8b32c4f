// SPDX-License-Identifier: MIT
import { nearest } from '../../nearest.ts';
import { UsageError } from '../../usage-error.ts';
import { readFields } from './key-value-fields.ts';

const METHODS = ['build', 'check', 'outline', 'targets'] as const;
const ALIASES: Readonly<Record<string, CallMethod>> = { lint: 'check' };

/** What is asked about a Dockerfile. */
export type CallMethod = (typeof METHODS)[number];

/** How the answer is printed. */
export type CallFormat = 'text' | 'json' | 'sarif' | 'github';

/** The value of `--call`. */
export interface CallSpec {
  readonly method: CallMethod;
  readonly format: CallFormat;
}

const FORMATS: readonly CallFormat[] = ['text', 'json', 'sarif', 'github'];

/**
 * Reads `METHOD[,format=FORMAT]`; `sarif` and `github` are formats of `check`.
 *
 * @throws UsageError
 */
export function parseCallSpec(text: string): CallSpec {
  const [[first, value], ...rest] = [...readFields('call', text)] as [
    [string, string | undefined],
    ...[string, string | undefined][],
  ];
  const name = first === 'method' ? (value ?? '') : first;
  const method = METHODS.find((each) => each === (ALIASES[name] ?? name));
  if (method === undefined) {
    const near = nearest(name, METHODS);
    throw new UsageError(
      `unknown --call method ${JSON.stringify(name)}${near === undefined ? '' : ` (did you mean ${near}?)`}`,
      `choose one of ${METHODS.join(', ')}`,
    );
  }
  let format: CallFormat = 'text';
  for (const [key, given] of rest) {
    if (key !== 'format')
      throw new UsageError(`unknown --call key ${JSON.stringify(key)}`, 'write format=json');
    format = formatOf(method, given);
  }
  return { method, format };
}

function formatOf(method: CallMethod, given: string | undefined): CallFormat {
  const known = method === 'check' ? FORMATS : FORMATS.slice(0, 2);
  const format = known.find((each) => each === given);
  if (format !== undefined) return format;
  throw new UsageError(
    `--call ${method} has no format ${JSON.stringify(given ?? '')}`,
    `choose one of ${known.join(', ')}`,
  );
}
