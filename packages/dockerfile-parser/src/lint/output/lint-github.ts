// SPDX-License-Identifier: MIT
import { linesOf } from '../../line-span.ts';
import type { SourceRange } from '../../source-range.ts';
import type { LintResult } from '../lint-options.ts';
import type { LintFile } from './lint-file.ts';

/**
 * Workflow commands that GitHub Actions shows beside the lines, one per line. Findings are warnings, or errors when they
 * break the build.
 *
 * @see GitHub Docs, "Workflow commands for GitHub Actions"
 */
export function formatLintGithub(
  { findings, violation, buildError }: LintResult,
  { name }: LintFile,
): string {
  const level = violation === null ? 'warning' : 'error';
  const commands = findings.map(({ rule, message, range, url }) =>
    command(
      level,
      [['file', name], ...placeOf(range), ['title', rule]],
      url === null ? message : `${message}\n${url}`,
    ),
  );
  if (buildError !== null) {
    const { code, message, contexts } = buildError;
    const place = contexts[0] === undefined ? [] : placeOf(contexts[0]);
    commands.push(command('error', [['file', name], ...place, ['title', code]], message));
  }
  return commands.join('');
}

type Property = readonly [name: string, value: string | number];

/** Columns count within one line only. */
function placeOf(range: SourceRange): readonly Property[] {
  const { first, last } = linesOf(range);
  const lines: Property[] = [
    ['line', first],
    ['endLine', last],
  ];
  const { start, end } = range;
  return start.line === end.line ? [...lines, ['col', start.column], ['endColumn', end.column]] : lines;
}

function command(level: string, properties: readonly Property[], message: string): string {
  const list = properties.map(([name, value]) => `${name}=${escapeProperty(String(value))}`).join(',');
  return `::${level} ${list}::${escapeMessage(message)}\n`;
}

function escapeMessage(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
