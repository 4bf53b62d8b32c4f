// SPDX-License-Identifier: MIT
import type { Annotation } from '@img-build/exporters';
import { type Platform, parsePlatform } from '@img-build/oci';
import { nearest } from '../../nearest.ts';
import { UsageError } from '../../usage-error.ts';

const TARGETS: readonly Annotation['target'][] = [
  'manifest',
  'index',
  'manifest-descriptor',
  'index-descriptor',
];

/** One annotation per target it is for. */
const TYPES = /^((?:[a-z-]+(?:\[[A-Za-z0-9_/.-]+\])?,)*[a-z-]+(?:\[[A-Za-z0-9_/.-]+\])?):(.*)$/s;

/**
 * Reads `[TYPE[PLATFORM],…:]KEY=VALUE`; without a type it is for the manifest.
 *
 * @throws UsageError, OciError for a malformed platform
 */
export function parseAnnotation(text: string): readonly Annotation[] {
  const [types, pair] = splitTypes(text);
  const equals = pair.indexOf('=');
  if (equals <= 0)
    throw new UsageError(`invalid annotation ${JSON.stringify(text)}`, 'write --annotation [TYPE:]KEY=VALUE');
  const [key, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
  return types.map((type) => {
    const [, name = '', platform] = /^([a-z-]+)(?:\[(.*)\])?$/.exec(type) ?? [];
    const target = targetOf(name);
    return { target, platform: platformOf(target, platform), key, value };
  });
}

/** A colon belongs to the types only when nothing but types stands before it. */
function splitTypes(text: string): readonly [types: readonly string[], pair: string] {
  const [, types, pair] = TYPES.exec(text) ?? [];
  return types === undefined || pair === undefined ? [['manifest'], text] : [types.split(','), pair];
}

function targetOf(name: string): Annotation['target'] {
  const target = TARGETS.find((each) => each === name);
  if (target !== undefined) return target;
  const near = nearest(name, TARGETS);
  throw new UsageError(
    `unknown annotation type ${JSON.stringify(name)}${near === undefined ? '' : ` (did you mean ${near}?)`}`,
    `choose one of ${TARGETS.join(', ')}`,
  );
}

function platformOf(target: Annotation['target'], text: string | undefined): Platform | undefined {
  if (text === undefined) return undefined;
  if (target.startsWith('index'))
    throw new UsageError(`an annotation of an index has no platform, but ${JSON.stringify(text)} is given`);
  return parsePlatform(text);
}
