// SPDX-License-Identifier: MIT
import { excerptOf, splitLines, visible } from '../../excerpt.ts';
import type { LintFinding } from '../lint-finding.ts';
import type { LintResult } from '../lint-options.ts';
import { failureOf } from './failure.ts';
import type { LintFile } from './lint-file.ts';

/**
 * What `docker build --check` prints: how many warnings there are, then each with the page about its rule and an excerpt,
 * at last why the file cannot be built.
 */
export function formatLintText(result: LintResult, { name, text }: LintFile): string {
  const { findings } = result;
  const buildError = failureOf(result);
  const lines = splitLines(text);
  const blocks = findings.map((finding) => formatFinding(finding, name, lines));
  if (buildError !== null) {
    const excerpt = excerptOf(name, lines, buildError.contexts);
    blocks.push(`${visible(buildError.message)}\n${excerpt}`);
  }
  if (findings.length > 0)
    return [`Check complete, ${countWarnings(findings.length)}\n`, ...blocks].join('\n');
  return buildError === null ? 'Check complete, no warnings found.\n' : blocks.join('\n');
}

/** One finding in a line, as a build lists them: `StageNameCasing: Stage name 'A' should be lowercase (line 3)`. */
export function describeFinding({ rule, message, context }: LintFinding): string {
  return `${rule}: ${visible(message)} (line ${context.start.line})`;
}

function countWarnings(count: number): string {
  return count === 1 ? '1 warning has been found!' : `${count} warnings have been found!`;
}

function formatFinding(
  { rule, url, message, context }: LintFinding,
  name: string,
  lines: readonly string[],
): string {
  const page = url === null ? '' : ` - ${url}`;
  return `WARNING: ${rule}${page}\n${visible(message)}\n${excerptOf(name, lines, [context])}`;
}
