// SPDX-License-Identifier: MIT
import { UsageError } from '../usage-error.ts';
import { readFields } from './flags/key-value-fields.ts';
import { booleanAttribute, checkAttributes } from './output-attributes.ts';

const TYPES = ['image', 'registry', 'oci', 'docker', 'tar', 'local'] as const;

/** Kinds of output; `load` is a docker archive for the engine of this machine. */
export type OutputType = (typeof TYPES)[number] | 'load';

/** One `--output`. */
export interface OutputSpec {
  readonly type: OutputType;
  /** File or folder; `-` and nothing mean stdout where the type writes a stream. */
  readonly dest: string | undefined;
  /** Everything else, as written. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Flags that name outputs. */
export interface OutputFlags {
  readonly specs: readonly string[];
  readonly push: boolean;
  readonly load: boolean;
}

/**
 * All outputs of a build: those that are spelled out, else the image store; `push` makes an image among them pushed, or
 * adds one that is, and `load` adds the engine of this machine.
 *
 * @throws UsageError
 */
export function outputsFrom({ specs, push, load }: OutputFlags): readonly OutputSpec[] {
  const given = specs.map(parseOutputSpec);
  if (given.filter(writesToStdout).length > 1)
    throw new UsageError('only one output can be written to stdout');
  const isImage = ({ type }: OutputSpec): boolean => type === 'image' || type === 'registry';
  const image: OutputSpec = { type: 'image', dest: undefined, attributes: {} };
  const outputs = given.length === 0 || (push && !given.some(isImage)) ? [...given, image] : given;
  return [
    ...outputs.map((each) =>
      push && isImage(each) ? { ...each, attributes: { ...each.attributes, push: 'true' } } : each,
    ),
    ...(load ? [{ type: 'load', dest: undefined, attributes: {} } as const] : []),
  ];
}

/**
 * Reads an output specification: `type=…,dest=…,key=value`, a bare path (a folder), or `-` (a tar to stdout).
 *
 * @throws UsageError
 */
export function parseOutputSpec(text: string): OutputSpec {
  if (text === '-') return { type: 'tar', dest: '-', attributes: {} };
  if (text === '') throw new UsageError('an output says nothing', 'write --output type=TYPE,dest=PATH');
  const fields = readFields('output', text);
  if (fields.size === 1 && !text.includes('=')) return { type: 'local', dest: text, attributes: {} };
  const attributes: Record<string, string> = {};
  for (const [key, value] of fields) {
    if (value === undefined)
      throw new UsageError(`invalid output ${JSON.stringify(text)}: ${JSON.stringify(key)} is not key=value`);
    attributes[key] = value;
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
  const spec: OutputSpec = { type: known, dest, attributes: rest };
  checkAttributes(spec);
  return spec;
}

/** Tells whether an output gives the image to a registry. */
export function pushes(spec: OutputSpec): boolean {
  if (spec.type !== 'image' && spec.type !== 'registry') return false;
  const byDigest = booleanAttribute(spec, 'push-by-digest') ?? false;
  return booleanAttribute(spec, 'push') ?? (spec.type === 'registry' || byDigest);
}

/** Tells whether an output writes its bytes to stdout. */
export function writesToStdout({ type, dest, attributes }: OutputSpec): boolean {
  const streams = type === 'tar' || type === 'docker' || (type === 'oci' && attributes['tar'] !== 'false');
  return streams && (dest === undefined || dest === '-');
}
