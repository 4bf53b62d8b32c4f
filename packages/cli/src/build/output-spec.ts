// SPDX-License-Identifier: MIT
import { UsageError } from '../usage-error.ts';

const TYPES = ['image', 'registry', 'oci', 'docker', 'tar', 'local'] as const;

/** Kinds of output. */
export type OutputType = (typeof TYPES)[number];

/** One `--output`. */
export interface OutputSpec {
  readonly type: OutputType;
  /** File or folder; `-` and nothing mean stdout where the type writes a stream. */
  readonly dest: string | undefined;
  /** Everything else, as written. */
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * Reads an output specification: `type=…,dest=…,key=value`, a bare path (a folder), or `-` (a tar to stdout).
 *
 * @throws UsageError
 */
export function parseOutputSpec(text: string): OutputSpec {
  if (text === '-') return { type: 'tar', dest: '-', attributes: {} };
  if (text === '') throw new UsageError('an output says nothing', 'write --output type=TYPE,dest=PATH');
  const fields = splitCsv(text);
  if (fields.length === 1 && !fields[0]?.includes('=')) return { type: 'local', dest: text, attributes: {} };
  const attributes: Record<string, string> = {};
  for (const field of fields) {
    const equals = field.indexOf('=');
    if (equals < 0)
      throw new UsageError(
        `invalid output ${JSON.stringify(text)}: ${JSON.stringify(field)} is not key=value`,
      );
    attributes[field.slice(0, equals).toLowerCase()] = field.slice(equals + 1);
  }
  const { type, dest, ...rest } = attributes;
  const known = TYPES.find((each) => each === type);
  if (known === undefined) {
    const problem = type === undefined ? 'no type' : `unknown type ${JSON.stringify(type)}`;
    throw new UsageError(
      `invalid output ${JSON.stringify(text)}: ${problem}`,
      `choose one of ${TYPES.map((each) => `type=${each}`).join(', ')}`,
    );
  }
  if (dest !== undefined && (known === 'image' || known === 'registry'))
    throw new UsageError(`output type ${known} takes no dest`);
  if (known === 'local' && dest === undefined)
    throw new UsageError('output type local needs a folder', 'add dest=DIRECTORY');
  return { type: known, dest, attributes: rest };
}

/** Tells whether an output writes its bytes to stdout. */
export function writesToStdout({ type, dest, attributes }: OutputSpec): boolean {
  const streams = type === 'tar' || type === 'docker' || (type === 'oci' && attributes['tar'] !== 'false');
  return streams && (dest === undefined || dest === '-');
}

/** Fields of one CSV line: a field in double quotes may hold commas, and quotes doubled. */
function splitCsv(text: string): readonly string[] {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"' && quoted && text[at + 1] === '"') {
      field += '"';
      at++;
    } else if (character === '"') {
      quoted = !quoted;
    } else if (character === ',' && !quoted) {
      fields.push(field);
      field = '';
    } else {
      field += character;
    }
  }
  return [...fields, field];
}
