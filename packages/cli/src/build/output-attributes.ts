// SPDX-License-Identifier: MIT
import type { Annotation } from '@img-build/exporters';
import { nearest } from '../nearest.ts';
import { UsageError } from '../usage-error.ts';
import { parseAnnotation } from './flags/annotation.ts';
import type { OutputSpec, OutputType } from './output-spec.ts';

const FORMAT = [
  'compression',
  'compression-level',
  'force-compression',
  'oci-mediatypes',
  'rewrite-timestamp',
  'name',
];
const IMAGE = [
  ...FORMAT,
  'name-canonical',
  'push',
  'push-by-digest',
  'registry.insecure',
  'store',
  // Images are unpacked when somebody needs that.
  'unpack',
];

/** Attributes of outputs besides `type` and `dest`. */
const ATTRIBUTES: Readonly<Record<OutputType, readonly string[]>> = {
  image: IMAGE,
  registry: IMAGE,
  oci: [...FORMAT, 'tar'],
  docker: FORMAT,
  load: FORMAT,
  tar: [],
  local: ['mode', 'platform-split'],
};

const ANNOTATION = /^annotation(?:-([a-z-]+))?(?:\[(.+)\])?\.(.+)$/;

/** Refuses attributes that an output does not have: what is ignored would be missed later. @throws UsageError */
export function checkAttributes({ type, attributes }: OutputSpec): void {
  const known = ATTRIBUTES[type];
  const unknown = Object.keys(attributes).find(
    (name) => !known.includes(name) && !(known.includes('name') && ANNOTATION.test(name)),
  );
  if (unknown === undefined) return;
  const near = nearest(unknown, known);
  throw new UsageError(
    `output type=${type} has no attribute ${JSON.stringify(unknown)}${near === undefined ? '' : ` (did you mean ${near}?)`}`,
    known.length === 0 ? undefined : `there is ${known.join(', ')}`,
  );
}

/** An attribute that is true or false; `undefined` when it is not given. @throws UsageError */
export function booleanAttribute({ attributes, type }: OutputSpec, name: string): boolean | undefined {
  const value = attributes[name];
  if (value === undefined) return undefined;
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw new UsageError(`output type=${type}: ${name} must be true or false, not ${JSON.stringify(value)}`);
}

/** Attributes of the form `annotation[-TYPE][[PLATFORM]].KEY=VALUE`. @throws UsageError, OciError */
export function annotationsFrom({ attributes }: OutputSpec): readonly Annotation[] {
  return Object.entries(attributes).flatMap(([name, value]) => {
    const [, type = 'manifest', platform, key] = ANNOTATION.exec(name) ?? [];
    if (key === undefined) return [];
    return parseAnnotation(`${type}${platform === undefined ? '' : `[${platform}]`}:${key}=${value}`);
  });
}
