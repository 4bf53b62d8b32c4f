// SPDX-License-Identifier: MIT
import type { FrontendWarning } from '@img-build/dockerfile-frontend';
import { shortWarning } from '../render/warnings.ts';
import type { BuildOutcome } from './run-build.ts';

/** Set to `1` or `true`, one of these puts warnings into the metadata. */
const WARNING_VARIABLES = ['IMG_METADATA_WARNINGS', 'BUILDX_METADATA_WARNINGS'];

/** What came of a build, under the keys of buildx, sorted. */
export function metadataOf(outcome: BuildOutcome, env: NodeJS.ProcessEnv): Readonly<Record<string, unknown>> {
  const { results, reference, warnings } = outcome;
  const wanted = WARNING_VARIABLES.some((name) => ['1', 'true'].includes(env[name] ?? ''));
  const entries = {
    ...Object.assign({}, ...results.toReversed().map(({ metadata }) => metadata)),
    'buildx.build.ref': reference,
    ...(wanted && warnings.length > 0
      ? { 'buildx.build.warnings': warnings.map((warning) => warningOf(warning, outcome)) }
      : {}),
  };
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A warning as BuildKit's API has it: texts in base64. */
function warningOf(warning: FrontendWarning, { dockerfile }: BuildOutcome): object {
  const { description, url, range } = warning;
  return {
    level: 1,
    short: base64(shortWarning(warning)),
    detail: description === undefined ? null : [base64(description)],
    url,
    sourceInfo: { filename: dockerfile.name, data: base64(dockerfile.text), language: 'Dockerfile' },
    range: [{ start: { line: range.startLine, character: 0 }, end: { line: range.endLine, character: 0 } }],
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
