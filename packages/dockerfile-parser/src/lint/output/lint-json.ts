// SPDX-License-Identifier: MIT
import { linesOf } from '../../line-span.ts';
import type { SourceRange } from '../../source-range.ts';
import type { LintResult } from '../lint-options.ts';
import { encodeBase64 } from './base64.ts';
import { failureOf } from './failure.ts';
import type { LintFile } from './lint-file.ts';

/** A place as BuildKit writes it: lines only, of the file that comes along. */
export interface LintJsonLocation {
  readonly ranges: readonly {
    readonly start: { readonly line: number };
    readonly end: { readonly line: number };
  }[];
}

/** The document that `docker build --call=check,format=json` prints; its definition of the source is left out. */
export interface LintJson {
  readonly warnings: readonly {
    readonly ruleName: string;
    readonly description: string;
    readonly url?: string;
    readonly detail: string;
    readonly location: LintJsonLocation;
  }[];
  readonly sources: readonly {
    readonly filename: string;
    /** The text, UTF-8 in base64. */
    readonly data: string;
    readonly language: 'Dockerfile';
  }[];
  readonly buildError?: { readonly message: string; readonly location: LintJsonLocation };
}

/** The result in the shape of BuildKit's `frontend.lint` request. */
export function lintJson(result: LintResult, { name, text }: LintFile): LintJson {
  const { findings } = result;
  const buildError = failureOf(result);
  return {
    warnings: findings.map(({ rule, description, url, message, context }) => ({
      ruleName: rule,
      description,
      ...(url === null ? {} : { url }),
      detail: message,
      location: locationOf([context]),
    })),
    sources: [{ filename: name, data: encodeBase64(text), language: 'Dockerfile' }],
    ...(buildError === null
      ? {}
      : { buildError: { message: buildError.message, location: locationOf(buildError.contexts) } }),
  };
}

/** {@link lintJson} as text with indentation. */
export function formatLintJson(result: LintResult, file: LintFile): string {
  return `${JSON.stringify(lintJson(result, file), null, 2)}\n`;
}

function locationOf(ranges: readonly SourceRange[]): LintJsonLocation {
  return {
    ranges: ranges.map((range) => {
      const { first, last } = linesOf(range);
      return { start: { line: first }, end: { line: last } };
    }),
  };
}
